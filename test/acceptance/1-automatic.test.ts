import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Change, Meter, Run } from '../../src/wire/types.ts'
import { createMeters } from '../support/meters.ts'
import { assertCounts, compareBothSides, counted, rowVersions } from '../support/mirror.ts'
import { createWorld, eventually } from '../support/world.ts'

const mirrored = `select external_id, name, serial_number, kind, unit, location, ip_address, port, active, attributes::text, removed_at
  from sync.meter order by external_id`

test('R1.1: at start the agent connects to the Client System and reads all its meters', async (t) => {
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

test('R1.2: meters that are new in the Client System are inserted', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  await world.source.query(`insert into meter (external_id, name) values (77, 'New'), (78, 'Newer')`)
  assertCounts(await agent.sync(), { read: 5, inserted: 2 })
  const { body } = await agent.api<{ meters: Meter[] }>('/api/meters?q=NEW')
  assert.deepEqual(
    body.meters.map((meter) => meter.name),
    ['New', 'Newer'],
  )
})

test('R1.3: meters that changed in the Client System are updated: any column, also from NULL to a value and back', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  const before = await rowVersions(world.sync)
  const values = {
    name: [`'Renamed'`],
    serial_number: ['null', `'S-9'`],
    kind: ['null', `'water'`],
    unit: ['null', `'m³'`],
    location: ['null', `''`],
    ip_address: ['null', `'2001:db8::1'`],
    port: ['null', '65535'],
    active: ['false', 'null', 'false', 'true'],
    multiplier: ['null', '1.5', '1.50', `'NaN'`],
  }
  const own = ['name', 'serial_number', 'kind', 'unit', 'location', 'ip_address', 'port', 'active']
  for (const [column, literals] of Object.entries(values)) {
    for (const literal of literals) {
      await world.source.query(`update meter set ${column} = ${literal} where external_id = 2`)
      assertCounts(await agent.sync(), { updated: 1 })
    }
    const expected = own.includes(column) ? `${column}::text` : `attributes ->> '${column}'`
    const [theirs] = await world.source.query(
      `select case when '${column}' = 'ip_address' then host(ip_address) else ${column}::text end as value from meter where external_id = 2`,
    )
    const [ours] = await world.sync.query(`select ${expected} as value from sync.meter where external_id = '2'`)
    assert.deepEqual(ours, theirs, column)
  }
  const after = await rowVersions(world.sync)
  assert.deepEqual([after[0], after[2]], [before[0], before[2]], 'the others are not touched')
})

test('R1.3: columns that are added or removed, and values swapped between meters, are updates', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  await world.source.query('alter table meter add phases integer')
  assertCounts(await agent.sync(), { updated: 3 })
  await world.source.query('alter table meter drop multiplier')
  assertCounts(await agent.sync(), { updated: 3 })
  assert.deepEqual(await world.sync.query('select distinct attributes::text as text from sync.meter'), [
    { text: '{"phases": null}' },
  ])
  await world.source.query(`update meter set name = 'Meter ' || 3 - external_id where external_id < 3`)
  assertCounts(await agent.sync(), { updated: 2 })
  const names = await world.sync.query('select name from sync.meter order by external_id')
  assert.deepEqual(
    names.map(({ name }) => name),
    ['Meter 2', 'Meter 1', 'Meter 3'],
  )
})

test('R1.4, I8: a deleted meter becomes inactive and keeps its row, id and readings; the next run counts nothing', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  const identity = 'select id, created_at::text, name, attributes::text from sync.meter order by id'
  const before = await world.sync.query(identity)
  await world.sync.query(`
    insert into sync.meter_reading (meter_id, quantity, read_at, value, unit)
    select m.id, 'energy', timestamptz '2026-01-01' + n * interval '15 minutes', n * 0.25, 'kWh'
    from sync.meter m, generate_series(1, 100) n`)
  const readings = await world.sync.query('select * from sync.meter_reading order by meter_id, read_at')
  await world.source.query('delete from meter where external_id = 2')
  const run = await agent.sync()
  assertCounts(run, { read: 2, deleted: 1 })
  assert.deepEqual(await world.sync.query(identity), before)
  assert.deepEqual(await world.sync.query('select * from sync.meter_reading order by meter_id, read_at'), readings)
  assert.deepEqual(
    await world.sync.query('select external_id, active, removed_at is null as present from sync.meter order by id'),
    [
      { external_id: '1', active: true, present: true },
      { external_id: '2', active: false, present: false },
      { external_id: '3', active: true, present: true },
    ],
  )
  const { body } = await agent.api<{ changes: Change[] }>(`/api/runs/${run.id}/changes`)
  assert.deepEqual(
    body.changes.map(({ externalId, operation }) => [externalId, operation]),
    [['2', 'delete']],
  )
  const marked = await rowVersions(world.sync)
  assertCounts(await agent.sync(), { read: 2 })
  assert.deepEqual(await rowVersions(world.sync), marked)
})

test('R1.5: the log line and the run report inserted, updated and deleted, equal to the difference counted independently', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 500)
  const agent = await world.agent({ DELETE_GUARD_MINIMUM: '100' })
  await agent.settled()
  await world.source.query('delete from meter where external_id % 10 = 1')
  await agent.sync()
  await world.source.query(`
    delete from meter where external_id % 50 = 2;
    update meter set location = 'Roof' where external_id % 9 = 3;
    update meter set multiplier = 1.5 where external_id % 11 = 4;
    insert into meter (external_id, name) select id, 'New' from generate_series(501, 533) id;
    insert into meter (external_id, name) values (1, 'Back'), (11, 'Back as well')`)
  const { difference, unequal } = await compareBothSides(world)
  const expected = await difference()
  const run = await agent.sync()
  assert.deepEqual(counted(run), { ...expected, rejected: 0, withheld: 0 })
  assert.deepEqual([expected.inserted, expected.restored, expected.deleted], [33, 2, 10])
  assert.deepEqual(await unequal(), [])
  const line = await eventually(async () =>
    agent.log.find(({ msg, runId }) => msg === 'meter sync succeeded' && runId === run.id),
  )
  const { level, time: _, pid: __, hostname: ___, durationMs, ...logged } = line
  assert.equal(level, 'info')
  assert.equal(typeof durationMs, 'number')
  assert.deepEqual(logged, {
    msg: 'meter sync succeeded',
    runId: run.id,
    clientSystem: 'main',
    trigger: 'manual',
    readMode: 'narrow',
    ...counted(run),
  })
  assert.deepEqual((await agent.api<Run>(`/api/runs/${run.id}`)).body, run)
  const [row] = await world.sync.query(
    'select status, read, inserted, updated, unchanged, rejected, restored, deleted, withheld from sync.run where id = $1',
    [run.id],
  )
  const texts = Object.fromEntries(Object.entries(counted(run)).map(([name, count]) => [name, String(count)]))
  assert.deepEqual(row, { status: 'succeeded', ...texts })
})
