import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Change, Preview, PreviewedChange, Problem } from '../../src/wire/types.ts'
import { inherited } from '../support/command.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { createWorld, type World } from '../support/world.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))

const state = (world: World) =>
  world.sync.query(`select (select count(*) from sync.run) as runs, (select value from sync.revision_counter) as revision,
    (select json_agg(json_build_object('id', id, 'xmin', xmin::text) order by id) from sync.meter) as meters`)

test('R7.5: a preview shows exactly what a run would do, column by column, and writes nothing', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 30)
  const agent = await world.agent()
  await agent.settled()
  await world.source.query(
    `insert into meter (external_id, name, multiplier) values (31, 'New', 12345678901234567890.10)`,
  )
  await world.source.query(`update meter set name = 'Renamed', unit = null where external_id = 2`)
  await world.source.query('delete from meter where external_id = 3')
  await world.source.query(`insert into meter (external_id, name) values (32, ' ')`)
  const before = await state(world)
  const { status, body } = await agent.api<Preview>('/api/preview', { method: 'POST' })
  assert.equal(status, 200)
  assert.deepEqual(await state(world), before)
  assert.equal(body.withheldBecause, null)
  const [renamed, gone, added] = [2, 3, 31].map((id) =>
    body.changes.find(({ externalId }) => externalId === String(id)),
  )
  assert.deepEqual(
    [renamed?.operation, renamed?.before, renamed?.after],
    ['update', { name: 'Meter 2', unit: 'kWh' }, { name: 'Renamed', unit: null }],
  )
  assert.deepEqual([gone?.operation, gone?.before, gone?.after], ['delete', null, null])
  assert.equal(added?.operation, 'insert')
  assert.equal(added?.meterId, null)
  assert.equal(added?.after?.name, 'New')
  assert.equal(body.changes.length, 3)
  const printed = spawnSync(process.execPath, ['src/main.ts', 'sync', '--preview', '--json'], {
    cwd: project,
    env: { ...inherited, ...world.environment() },
    encoding: 'utf8',
  })
  assert.equal(printed.status, 0, printed.stderr)
  assert.deepEqual(JSON.parse(printed.stdout), body)
  assert.deepEqual(await state(world), before)
  const run = await agent.sync()
  assert.deepEqual(run.counts, body.counts)
  // An insertion is listed with the values of the new meter by the preview only.
  const shown = ({ externalId, operation, before, after }: Change | PreviewedChange) =>
    operation === 'insert' ? [externalId, operation] : [externalId, operation, before, after]
  const made = await agent.api<{ changes: Change[] }>(`/api/runs/${run.id}/changes`)
  assert.deepEqual(made.body.changes.map(shown), body.changes.map(shown))
})

test('R7.5: a preview returns the verdict of the guard, and is refused while a run is active', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 150)
  const gate = await createGate(world.source)
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: gate.query })
  await agent.settled()
  await world.source.query('delete from meter')
  const { body } = await agent.api<Preview>('/api/preview', { method: 'POST' })
  assert.deepEqual([body.counts.deleted, body.counts.withheld], [0, 150])
  assert.deepEqual(body.withheldBecause, { code: 'no_rows' })
  assert.equal(body.changes.length, 100)
  assert.ok(body.changes.every(({ operation }) => operation === 'withheld'))
  const open = await gate.close()
  await agent.api('/api/sync', { method: 'POST' })
  await gate.untilReached()
  const refused = await agent.api<Problem>('/api/preview', { method: 'POST' })
  assert.deepEqual([refused.status, refused.body.code, refused.body.run?.status], [409, 'run_active', 'running'])
  await open()
  await agent.settled()
})

test('a preview that fails has the error and code that a run would have', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api' })
  const { status, body } = await agent.api<Problem>('/api/preview', { method: 'POST' })
  assert.deepEqual([status, body.code], [502, 'source_query'])
  assert.ok(body.hint)
})
