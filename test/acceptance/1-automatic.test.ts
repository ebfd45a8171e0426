import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Meter } from '../../src/events.ts'
import { createWorld, type Database } from '../support/world.ts'

async function createMeters(source: Database, count = 3): Promise<void> {
  await source.query(`
    create table meter (
      external_id bigint primary key, name text, serial_number text, kind text, unit text, location text,
      ip_address inet, port integer, active boolean, multiplier numeric
    )`)
  await source.query(
    `insert into meter
     select id, 'Meter ' || id, 'S' || id, 'electricity', 'kWh', 'Hall ' || id % 7, ('10.0.0.' || id % 250)::inet, 502, true, 1.50
     from generate_series(1, $1::int) id`,
    [count],
  )
}

const mirrored = `select external_id, name, serial_number, kind, unit, location, ip_address, port, active, attributes::text, removed_at
  from sync.meter order by external_id`

test('1.1 at its start the agent connects to the Client System and retrieves all its meters', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 1_000)
  const agent = await world.process()
  const run = await agent.settled()
  assert.equal(run.trigger, 'startup')
  assert.equal(run.status, 'succeeded')
  assert.equal(run.counts?.read, 1_000)
  const rows = await world.sync.query(mirrored)
  assert.equal(rows.length, 1_000)
  assert.deepEqual(rows[0], {
    external_id: '1',
    name: 'Meter 1',
    serial_number: 'S1',
    kind: 'electricity',
    unit: 'kWh',
    location: 'Hall 1',
    ip_address: '10.0.0.1',
    port: 502,
    active: true,
    attributes: '{"multiplier": 1.50}',
    removed_at: null,
  })
})

test('1.2 meters that are new in the Client System are inserted', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  await world.source.query(`insert into meter (external_id, name) values (77, 'New'), (78, 'Newer')`)
  const run = await agent.sync()
  assert.deepEqual(
    [run.counts?.inserted, run.counts?.updated, run.counts?.deleted, run.counts?.unchanged],
    [2, 0, 0, 3],
  )
  const { body } = await agent.api<{ meters: Meter[] }>('/api/meters?q=NEW')
  assert.deepEqual(
    body.meters.map((meter) => meter.name),
    ['New', 'Newer'],
  )
})
