import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Change, Meter, Run } from '../../src/wire/types.ts'
import { createMeters } from '../support/meters.ts'
import { assertCounts, compareBothSides, counted, rowVersions } from '../support/mirror.ts'
import { createWorld, type Database, eventually, findLogged, type TestAgent } from '../support/world.ts'

const present = (sync: Database) =>
  sync.query('select external_id, name, active from sync.meter where removed_at is null order by id')

async function changes(agent: TestAgent, run: Run): Promise<Change[]> {
  return (await agent.api<{ changes: Change[] }>(`/api/runs/${run.id}/changes?limit=200`)).body.changes
}

test('F7, F8: deletions that look like an accident are withheld and shown; the rest of the run is applied', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 100)
  const agent = await world.agent()
  await agent.settled()
  await world.source.query('create table kept as select * from meter')

  await world.source.query('delete from meter')
  const empty = await agent.sync()
  assertCounts(empty, { read: 0, withheld: 100 })
  assert.equal((await present(world.sync)).length, 100)
  const warning = await findLogged(agent, 'deletions withheld')
  assert.deepEqual([warning.runId, warning.withheld, warning.level], [empty.id, 100, 'warn'])
  assert.match(String(warning.reason), /no meter at all/)
  assertCounts(await agent.sync(), { read: 0, withheld: 100 })

  await world.source.query(`
    insert into meter select * from kept where external_id > 11;
    insert into meter (external_id, name) values (101, 'New');
    update meter set name = 'Renamed' where external_id = 12`)
  const before = await rowVersions(world.sync)
  const guarded = await agent.sync()
  assertCounts(guarded, { read: 90, inserted: 1, updated: 1, withheld: 11 })
  const after = await rowVersions(world.sync)
  assert.deepEqual(after.slice(0, 11), before.slice(0, 11), 'what is withheld is not written')
  const withheld = (await changes(agent, guarded)).filter(({ operation }) => operation === 'withheld')
  assert.deepEqual(
    withheld.map(({ externalId, before, after }) => [externalId, before, after]),
    ['1', '10', '11', '2', '3', '4', '5', '6', '7', '8', '9'].map((id) => [id, null, null]),
  )
  const { body } = await agent.api<{ meters: Meter[] }>('/api/meters?state=active&limit=200')
  assert.equal(body.meters.length, 101)

  await world.source.query('insert into meter select * from kept where external_id = 1')
  const allowed = await agent.sync()
  assertCounts(allowed, { read: 91, deleted: 10 })
  assert.deepEqual(
    (await changes(agent, allowed)).map(({ operation }) => operation),
    Array.from({ length: 10 }, () => 'delete'),
  )
  const { unequal } = await compareBothSides(world)
  assert.deepEqual(await unequal(), [])
})

test('F7: a Client System that is empty from the first run on is mirrored as empty', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 0)
  const agent = await world.agent()
  assertCounts(await agent.settled(), { read: 0 })
  await world.source.query(`insert into meter (external_id, name) values (1, 'First')`)
  assertCounts(await agent.sync(), { read: 1, inserted: 1 })
  await world.source.query('delete from meter')
  assertCounts(await agent.sync(), { read: 0, withheld: 1 })
})

test('F8: of more than 1,000 withheld deletions the first 1,000 are listed and all are counted', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 1_200)
  const agent = await world.agent()
  await agent.settled()
  await world.source.query('delete from meter where external_id > 2')
  const run = await agent.sync()
  assertCounts(run, { read: 2, withheld: 1_198 })
  const kept = await world.sync.query(
    'select operation, count(*)::int, max(external_id) as last from sync.meter_change where run_id = $1 group by 1',
    [run.id],
  )
  const [{ last } = {}] = await world.sync.query(
    `select external_id as last from sync.meter where external_id not in ('1', '2') order by 1 offset 999 limit 1`,
  )
  assert.deepEqual(kept, [{ operation: 'withheld', count: 1_000, last }])
})

test('deletions are withheld: a row without an id despite an approval, no valid row, and a few meters in every run', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 100)
  await world.source.query(
    'alter table meter drop constraint meter_pkey, alter external_id drop not null; create table kept as select * from meter',
  )
  const agent = await world.agent({ DELETE_GUARD_MINIMUM: '2', DELETE_GUARD_PERCENT: '4' })
  await agent.settled()
  const remaining = async () => (await agent.status()).clientSystems[0]?.meters.active

  await world.source.query(`delete from meter; insert into meter (external_id, name) values (null, 'No id')`)
  assertCounts(await agent.sync({ approveDeletes: 100 }), { rejected: 1, withheld: 100 })
  await world.source.query(`update meter set external_id = 7, name = ''`)
  const unusable = await agent.sync()
  assertCounts(unusable, { rejected: 1, withheld: 99 })
  assert.deepEqual(unusable.withheldBecause, { code: 'no_usable_rows' })

  await world.source.query('truncate meter; insert into meter select * from kept')
  await agent.sync()
  const runs: Run[] = []
  for (let round = 0; round < 4; round++) {
    await world.source.query('delete from meter where external_id in (select external_id from meter limit 2)')
    runs.push(await agent.sync())
  }
  assert.deepEqual(
    runs.map((run) => counted(run).deleted),
    [2, 2, 0, 0],
  )
  assert.deepEqual(runs[3]?.withheldBecause, { code: 'over_percent', limit: 4, lately: true })
  assert.equal(await remaining(), 96)
  await agent.sync({ approveDeletes: 4 })
  assert.equal(await remaining(), 92)

  await world.source.query('create table gone as select * from meter limit 50')
  await world.source.query('delete from meter where external_id in (select external_id from gone)')
  assertCounts(await agent.sync({ approveDeletes: 50 }), { deleted: 50 })
  await world.source.query('insert into meter select * from gone')
  assertCounts(await agent.sync(), { updated: 50, restored: 50 })
  await world.source.query('delete from meter where external_id in (select external_id from meter limit 2)')
  // Meters that came back make no room for others.
  assertCounts(await agent.sync(), { withheld: 2 })
})

test('a withheld meter that another program changes after the comparison is corrected by the next run', async (t) => {
  const world = await createWorld(t)
  const { source, sync } = world
  await createMeters(source, 100)
  const agent = await world.agent({ DELETE_GUARD_MINIMUM: '0', DELETE_GUARD_PERCENT: '0' })
  await agent.settled()
  await source.query('create table gone as select * from meter where external_id = 1')
  await source.query('delete from meter where external_id = 1')
  const release = await sync.hold('begin; lock table sync.meter_change in exclusive mode')
  const running = agent.sync()
  await eventually(async () => {
    const waiting = await sync.query(
      `select from pg_locks where relation = 'sync.meter_change'::regclass and not granted`,
    )
    return waiting.length > 0
  })
  await sync.query(`update sync.meter set name = 'changed' where external_id = '1'`)
  await release()
  assertCounts(await running, { read: 99, withheld: 1 })

  await source.query('insert into meter select * from gone')
  assertCounts(await agent.sync(), { read: 100, updated: 1 })
})
