import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Preview } from '../../src/wire/types.ts'
import { createMeters } from '../support/meters.ts'
import { assertCounts, compareBothSides, failed, startMirror } from '../support/mirror.ts'
import { createWorld } from '../support/world.ts'

/** Changes by other programs to the Sync database, between two runs. */
const swaps = {
  'the hashes of two meters': `
    update sync.meter m set id_hash = o.id_hash, row_hash = o.row_hash from sync.meter o
    where m.external_id in ('17', '18') and o.external_id in ('17', '18') and m.id <> o.id`,
  'the ids of two meters that are else alike': `
    begin;
    update sync.meter set external_id = 'x' where external_id = '17';
    update sync.meter set external_id = '17' where external_id = '18';
    update sync.meter set external_id = '18' where external_id = 'x';
    commit`,
}
for (const [what, statement] of Object.entries(swaps)) {
  test(`${what} are exchanged here: the next run puts them right, and no other meter is deleted`, async (t) => {
    const { world, agent } = await startMirror(t, 200)
    const alike = `set name = 'Spare', serial_number = null, location = null, ip_address = null`
    await world.source.query(`update meter ${alike} where external_id in (17, 18)`)
    await agent.sync()
    const { unequal } = await compareBothSides(world)
    await world.sync.query(statement)
    assert.equal((await agent.sync()).readReason?.code, 'meters_changed')
    await world.source.query('delete from meter where external_id = 17')
    const run = await agent.sync()
    assertCounts(run, { deleted: 1 })
    assert.equal(run.readMode, 'narrow')
    assert.deepEqual(await unequal(), [])
  })
}

test('deletions of meters whose ids were changed here stay withheld until approved, in incremental and full reads', async (t) => {
  const { world, agent } = await startMirror(t, 200)
  await world.sync.query(`update sync.meter set external_id = 'X-' || external_id where external_id::int <= 20`)
  assertCounts(await agent.sync(), { inserted: 20, withheld: 20 })
  for (let at = 0; at < 2; at++) {
    const run = await agent.sync()
    assertCounts(run, { withheld: 20 })
    assert.equal(run.readMode, 'narrow')
  }
  const { body } = await agent.api<Preview>('/api/preview', { method: 'POST' })
  assert.equal(body.counts.withheld, 20)
  assertCounts(await agent.sync({ approveDeletes: 20 }), { deleted: 20 })
  assertCounts(await agent.sync(), { read: 200 })
})

test('F37: a trigger that changes the values of a run fails it and is named; a trigger on another table does not', async (t) => {
  const { world, agent } = await startMirror(t, 200)
  await world.sync.query(`
    create function public.touch() returns trigger language plpgsql as $$ begin new.updated_at = now(); return new; end $$;
    create trigger touch before insert or update on sync.meter for each row execute function public.touch()`)
  await world.source.query(`update meter set name = 'beside' where external_id = 3`)
  assertCounts(await agent.sync(), { updated: 1 })
  await world.sync.query(`
    create function public.shout() returns trigger language plpgsql as $$ begin new.name = upper(new.name); return new; end $$;
    create trigger shout before insert or update on sync.meter for each row execute function public.shout()`)
  await world.source.query(`update meter set name = 'loud' where external_id = 4`)
  for (const full of [false, true]) {
    const error = failed(await agent.sync({ full }))
    assert.equal(error.code, 'proof_failed')
    assert.match(error.message, /^1 of the written meters/)
    assert.match(error.hint ?? '', /trigger shout/)
  }
  await world.sync.query('drop trigger shout on sync.meter')
  const { unequal } = await compareBothSides(world)
  assertCounts(await agent.sync(), { updated: 1 })
  assert.deepEqual(await unequal(), [])

  await world.sync.query(`
    truncate sync.meter cascade;
    create trigger shout before insert on sync.meter for each row execute function public.shout()`)
  const atFirstLoad = failed(await agent.sync())
  assert.equal(atFirstLoad.code, 'proof_failed')
  assert.match(atFirstLoad.message, /^200 of the written meters/)
  await world.sync.query('drop trigger shout on sync.meter')
  assertCounts(await agent.sync(), { inserted: 200 })
  assert.deepEqual(await unequal(), [])
})

test('triggers that write at the commit, or to another meter, fail the run too', async (t) => {
  const { world, agent } = await startMirror(t, 200)
  const shout = `update sync.meter set name = upper(name) where id`
  const cases = {
    deferred: [
      `${shout} = new.id`,
      'create constraint trigger deferred after update on sync.meter deferrable initially deferred',
    ],
    beside: [`${shout} <> new.id and external_id = '9'`, 'create trigger beside after update on sync.meter'],
    refusing: [null, 'create trigger refusing before update on sync.meter'],
  }
  for (const [at, [name, [body, trigger]]] of Object.entries(cases).entries()) {
    await world.sync.query(`
      create function public.${name}() returns trigger language plpgsql as $$ begin
        ${body === null ? '' : `if pg_trigger_depth() = 1 then ${body}; end if;`} return null; end $$;
      ${trigger} for each row execute function public.${name}()`)
    await world.source.query(`update meter set name = 'loud ${at}' where external_id = 4`)
    const error = failed(await agent.sync())
    assert.equal(error.code, 'proof_failed', name)
    assert.match(error.hint ?? '', new RegExp(`trigger ${name}`))
    await world.sync.query(`drop trigger ${name} on sync.meter`)
    assertCounts(await agent.sync(), { updated: 1 })
  }
})

test('inactive meters that another program deletes are no longer counted', async (t) => {
  const { world, agent } = await startMirror(t, 200)
  await world.source.query('delete from meter where external_id <= 5')
  assertCounts(await agent.sync(), { deleted: 5 })
  const counted = async () => (await agent.status()).clientSystems[0]?.meters
  assert.deepEqual(await counted(), { total: 200, active: 195, inactive: 5 })
  await world.sync.query('delete from sync.meter where removed_at is not null')
  const run = await agent.sync()
  assert.equal(run.readMode, 'narrow')
  assert.deepEqual(await counted(), { total: 195, active: 195, inactive: 0 })
})

test('a run does not use other tables of the same names, whatever search_path is', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  await world.sync.query(`
    create table public.staging (id int);
    create table public.change (id int);
    create table public.incoming (id int);
    do $$ begin execute format('alter database %I set search_path = public, pg_temp', current_database()); end $$`)
  const agent = await world.agent()
  assertCounts(await agent.settled(), { read: 3, inserted: 3 })
  assertCounts(await agent.sync(), { read: 3 })
  const reading = { externalId: '1', quantity: 'energy', value: 1, readAt: '2026-01-31T12:00:00Z' }
  const { body } = await agent.api('/api/readings', { method: 'POST', body: JSON.stringify([reading]) })
  assert.deepEqual(body, { stored: 1, duplicates: 0, conflicts: 0, waiting: 0, rejected: [] })
})

test('a run with a time in the future does not hide the result of the last run', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 200)
  const unsteady = `name || case when external_id % 3 = 0 then random() else 0 end`
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: `select external_id, ${unsteady} as name from meter` })
  const { id } = await agent.settled()
  await world.sync.query(`update sync.run set queued_at = now() + interval '1 day' where id = $1`, [id])
  assert.equal(failed(await agent.sync()).code, 'proof_failed')
  assert.deepEqual((await agent.sync()).readReason, { code: 'after_failure', error: 'proof_failed' })
})
