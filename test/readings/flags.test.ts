import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { listReadings, type ReadingCursor } from '../../src/readings/list.ts'
import type { FlaggedReading, Meter } from '../../src/wire/types.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld, type Database, type TestAgent } from '../support/world.ts'

async function store(sync: Database, quantity: string, values: [hour: number, value: number, unit?: string][]) {
  await sync.query(
    `insert into sync.meter_reading (meter_id, quantity, read_at, value, unit)
     select m.id, $1, timestamptz '2026-01-01 00:00Z' + r.hour * interval '1 hour', r.value, r.unit
     from sync.meter m, unnest($2::float8[], $3::numeric[], $4::text[]) as r (hour, value, unit)
     where m.external_id = '1'`,
    [
      quantity,
      values.map(([hour]) => hour),
      values.map(([, value]) => value),
      values.map(([, , unit]) => unit ?? null),
    ],
  )
}

/** The flags by quantity and hour, of those that have any. */
async function flagged(agent: TestAgent, search = ''): Promise<Record<string, string>> {
  const { body } = await agent.api<{ meters: Meter[] }>('/api/meters?q=Meter%201')
  const found = await agent.api<{ readings: FlaggedReading[] }>(
    `/api/meters/${body.meters[0]?.id}/readings?limit=200${search}`,
  )
  const some = found.body.readings.filter(({ flags }) => flags.length > 0)
  return Object.fromEntries(
    some.map(({ quantity, readAt, flags }) => [`${quantity} ${new Date(readAt).getUTCHours()}`, flags.join()]),
  )
}

test('R6.4: a decrease, a rollover, a replaced meter, another unit and the future are flagged; no value is changed', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent({ READING_REGISTERS: 'Energy, volume' })
  await agent.settled()
  await store(world.sync, 'energy_import', [
    [1, 100, 'kWh'],
    [2, 110, 'kWh'],
    [3, 90, 'kWh'],
    [4, 95, 'kWh'],
    [5, 95, 'kWh'],
    [7, 1, 'kWh'],
    [8, 0.5, 'Wh'],
  ])
  await store(world.sync, 'volume', [
    [1, 99_990.5],
    [2, 99_998],
    [3, 3.25],
    [4, 9],
    [5, 0.5],
  ])
  await store(world.sync, 'power', [
    [1, 5],
    [2, 3, 'W'],
    [3, 4],
  ])
  await store(world.sync, 'energyprice', [
    [1, 5],
    [2, 3],
  ])
  await world.sync.query(`
    insert into sync.meter_reading (meter_id, quantity, read_at, value)
    select id, 'level', date_trunc('day', now()) + interval '2 days 5 hours', 1 from sync.meter where external_id = '1'`)
  const expected = {
    'level 5': 'future',
    'energy_import 3': 'decrease',
    'energy_import 7': 'decrease',
    'energy_import 8': 'unit',
    'volume 3': 'rollover',
    'volume 5': 'decrease',
  }
  assert.deepEqual(await flagged(agent), expected)
  const { 'energy_import 3': _, ...others } = expected
  // Where the time begins makes no difference.
  const later = '&from=2026-01-01T04:00:00Z'
  const { 'volume 3': __, ...fromFour } = others
  assert.deepEqual(await flagged(agent, later), fromFour)

  // A reading that arrives late changes what comes after it.
  await store(world.sync, 'energy_import', [
    [2.5, 80, 'kWh'],
    [6, 0.75, 'kWh'],
  ])
  const { 'energy_import 7': ___, ...rest } = others
  assert.deepEqual(await flagged(agent), { ...rest, 'energy_import 2': 'decrease', 'energy_import 6': 'decrease' })
  const [row] = await world.sync.query(
    `select sum(value)::float8 as sum from sync.meter_reading where quantity = 'volume'`,
  )
  assert.equal(row?.sum, 99_990.5 + 99_998 + 3.25 + 9 + 0.5)
})

test('R6.4: a decrease at the time when the serial number changed is a replaced meter', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  const at = (minutes: number, value: number) =>
    world.sync.query(
      `insert into sync.meter_reading (meter_id, quantity, read_at, value)
       select id, 'energy', now() + make_interval(mins => $1), $2 from sync.meter where external_id in ('1', '2')`,
      [minutes, value],
    )
  const day = 24 * 60
  await at(-10 * day, 900)
  await at(-9 * day, 100)
  await at(-30, 500)
  await at(-1, 2)
  await world.source.query(`update meter set serial_number = 'replaced' where external_id = 1`)
  await world.source.query(`update meter set name = 'renamed' where external_id = 2`)
  await agent.sync()
  await at(1, 3)
  await at(2, 1)
  const flagsOf = async (name: string) => {
    const { body } = await agent.api<{ meters: Meter[] }>(`/api/meters?q=${name}`)
    const found = await agent.api<{ readings: FlaggedReading[] }>(`/api/meters/${body.meters[0]?.id}/readings`)
    return found.body.readings.map(({ flags }) => flags.join())
  }
  assert.deepEqual(await flagsOf('replaced'), ['decrease', '', 'meter_replaced', '', 'decrease', ''])
  assert.deepEqual(await flagsOf('renamed'), ['decrease', '', 'decrease', '', 'decrease', ''])
})

test('clean readings have no flag', { timeout: 600_000 }, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 20)
  const agent = await world.agent()
  await agent.settled()
  const seed = Number(process.env.CLEAN_SEED ?? 0.42)
  const clean = Number(process.env.CLEAN_READINGS ?? 10_000)
  t.diagnostic(`CLEAN_SEED=${seed}`)
  // Registers that grow by whole numbers, halves and thousandths, or stand still, with a unit or without, and a quantity that
  // goes up and down; in any order of arrival. Of the earlier months some have a partition.
  await world.sync.query('select setseed($1)', [seed])
  await world.sync.query(
    `insert into sync.meter_reading
     select meter_id, quantity, read_at, value, unit
     from (
       select
         m.id as meter_id, quantity,
         date_trunc('hour', now()) - n * interval '15 minutes' + random() * interval '9 minutes' as read_at,
         case when quantity = 'power' then round(random()::numeric, 3) else
           m.id % 4 - 2 + sum(round((random() * (n % 3))::numeric, n % 4)) over (partition by m.id, quantity order by n desc)
         end as value,
         case when n % 5 > 0 then m.unit end as unit
       from sync.meter m, unnest('{energy,energy_import,Volume,power}'::text[]) quantity, generate_series(1, $1::int) n
     ) made
     order by random()`,
    [clean / 80],
  )
  for (let months = 0; months < 3; months++) await world.sync.query('select sync.create_reading_partition()')
  const meters = await world.sync.query<{ id: string }>('select id from sync.meter')
  const pool = world.sync.pool()
  let found = 0
  for (const { id } of meters) {
    let before: ReadingCursor | null = null
    do {
      const filter = { meterId: Number(id), from: null, to: null, before, registers: ['energy', 'volume'] }
      const { items, next }: Awaited<ReturnType<typeof listReadings>> = await listReadings(pool, filter, 200)
      found += items.length
      assert.deepEqual(
        items.filter(({ flags }) => flags.length > 0),
        [],
      )
      before = next
    } while (before !== null)
  }
  assert.equal(found, clean)
  t.diagnostic(`${found} readings`)
})

test('of readings in any order exactly the decreases are flagged', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  const [meter] = await world.sync.query<{ id: string }>(`select id from sync.meter where external_id = '1'`)
  const meterId = Number(meter?.id)
  const pool = world.sync.pool()
  const list = async (limit: number) =>
    (await listReadings(pool, { meterId, from: null, to: null, before: null, registers: ['energy'] }, limit)).items

  const seed = Number(process.env.FLAGS_SEED ?? 20_261_126)
  t.diagnostic(`FLAGS_SEED=${seed}`)
  const hours = fc.uniqueArray(fc.tuple(fc.nat(3_000), fc.nat(999)), {
    selector: ([hour]) => hour,
    minLength: 2,
    maxLength: 40,
  })
  await fc.assert(
    fc.asyncProperty(hours, async (readings) => {
      await world.sync.query('truncate sync.meter_reading')
      // One after the other, as they arrive.
      for (const [hour, value] of readings) await store(world.sync, 'energy', [[hour, value]])
      const ordered = readings.toSorted(([one], [other]) => one - other)
      const decreases = ordered.flatMap(([hour, value], at) => (value < (ordered[at - 1]?.[1] ?? 0) ? [hour] : []))
      const flags = (await list(100)).filter((reading) => reading.flags.includes('decrease'))
      const start = Date.UTC(2026, 0, 1)
      assert.deepEqual(flags.map((reading) => (Date.parse(reading.readAt) - start) / 3_600_000).toReversed(), decreases)
    }),
    { seed, numRuns: 15 },
  )
})
