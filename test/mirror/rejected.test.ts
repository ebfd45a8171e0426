import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Preview, Run } from '../../src/wire/types.ts'
import { runCommand } from '../support/command.ts'
import { createMeters } from '../support/meters.ts'
import { assertCounts } from '../support/mirror.ts'
import { createWorld, findLogged } from '../support/world.ts'

test('a run whose rows are all rejected is reported with the reason: in log, status, preview and command line', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 30)
  await world.source.query(`update meter set name = ' '; update meter set name = 'n', port = 0 where external_id < 10`)
  const agent = await world.agent()
  const run = await agent.settled()
  assertCounts(run, { rejected: 30 })
  const because = { reason: { code: 'blank_name' }, rows: 21, example: '10' }
  const { body } = await agent.api<Run>(`/api/runs/${run.id}`)
  assert.deepEqual(body.rejectedBecause, because)
  const preview = await agent.api<Preview>('/api/preview', { method: 'POST' })
  assert.deepEqual(preview.body.rejectedBecause, because)
  const warning = await findLogged(agent, 'rows rejected')
  assert.deepEqual(
    [warning.level, warning.rejected, warning.reason, warning.example],
    ['warn', 30, 'name is blank', '10'],
  )
  const [system] = (await agent.status()).clientSystems
  assert.deepEqual([system?.condition, system?.freshness], ['rejected', 'fresh'])

  const shown = await runCommand(['status', '--check'], world.environment())
  assert.equal(shown.code, 1)
  assert.match(shown.out, /: Rows rejected\n.*30 rows of 30 .*name is blank \(for example external id 10\)/)
  const asked = await runCommand(['sync', '--preview'], world.environment())
  assert.match(asked.out, /30 rows.*name is blank \(for example external id 10\)/)

  await world.source.query(`update meter set name = 'n', port = 1`)
  assertCounts(await agent.sync(), { inserted: 30 })
  assert.equal((await agent.status()).clientSystems[0]?.condition, 'in-sync')
  assert.equal((await runCommand(['status', '--check'], world.environment())).code, 0)
})

test('a first load stores every valid row and rejects the others, including duplicate ids', async (t) => {
  const world = await createWorld(t)
  await world.source.query(`
    create table device (id text, name text, port int);
    insert into device select id, 'Meter ' || id, 502 from generate_series(1, 20) id;
    insert into device values ('7', 'Meter 7', 502), (null, 'No id', 1), ('blank', ' ', 1), ('port', 'Port', 0)`)
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: 'select id as external_id, name, port from device' })
  const run = await agent.settled()
  assertCounts(run, { read: 24, inserted: 19, rejected: 5 })
  assert.equal(run.proof?.rows, 19)
  assert.deepEqual(run.rejectedBecause, { reason: { code: 'duplicate_id' }, rows: 2, example: '7' })
  const stored = await world.sync.query(`select external_id from sync.meter where external_id = any ('{7,blank,port}')`)
  assert.deepEqual(stored, [])
  await world.source.query(
    `delete from device where id is null or id = '7' and ctid > (select min(ctid) from device where id = '7')`,
  )
  const next = await agent.sync()
  assertCounts(next, { inserted: 1, rejected: 2 })
  assert.equal(next.readMode, 'narrow')
})
