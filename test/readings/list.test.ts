import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Meter, Reading } from '../../src/wire/types.ts'
import { createMeters } from '../support/meters.ts'
import { energyReading, postReadings } from '../support/readings.ts'
import { createWorld, eventually } from '../support/world.ts'

test("R6.5: a meter's readings are paged, newest first, `from` inclusive and `to` exclusive; the list of meters has the newest", async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  const readings = Array.from({ length: 10 }, (_, at) => energyReading('2', at, `2026-01-01T0${at}:00:00Z`))
  await postReadings(
    agent,
    JSON.stringify([...readings, { ...energyReading('2', 7, '2026-01-01T05:00:00Z'), quantity: 'power' }]),
  )
  const [meter] = (await agent.api<{ meters: Meter[] }>('/api/meters?q=meter%202')).body.meters
  assert.deepEqual(meter?.lastReading, {
    quantity: 'energy',
    readAt: '2026-01-01T09:00:00.000Z',
    value: 9,
    unit: 'kWh',
  })
  const seen: Reading[] = []
  let next: string | null = ''
  while (next !== null) {
    const page: string = next === '' ? '' : `&before=${next}`
    const answer: { status: number; body: { readings: Reading[]; next: string | null } } = await agent.api(
      `/api/meters/${meter?.id}/readings?limit=4${page}`,
    )
    assert.equal(answer.status, 200)
    seen.push(...answer.body.readings)
    next = answer.body.next
  }
  assert.deepEqual(
    seen.map(({ quantity, value }) => `${quantity} ${value}`),
    [
      'energy 9',
      'energy 8',
      'energy 7',
      'energy 6',
      'power 7',
      'energy 5',
      'energy 4',
      'energy 3',
      'energy 2',
      'energy 1',
      'energy 0',
    ],
  )
  const window = await agent.api<{ readings: Reading[] }>(
    `/api/meters/${meter?.id}/readings?from=2026-01-01T02:00:00Z&to=2026-01-01T04:00:00Z`,
  )
  assert.deepEqual(
    window.body.readings.map(({ value }) => value),
    [3, 2],
  )
  assert.equal((await agent.api(`/api/meters/${meter?.id}/readings?from=monday`)).status, 400)
  assert.equal((await agent.api('/api/meters/99999/readings')).status, 404)
  const forged = Buffer.from(JSON.stringify({ at: 'never', quantity: 'x' })).toString('base64url')
  assert.equal((await agent.api(`/api/meters/${meter?.id}/readings?before=${forged}`)).status, 400)
  assert.equal((await agent.api(`/api/meters/${meter?.id}/history?before=${forged}`)).status, 400)
})

test('times of other programs that ISO 8601 cannot express are returned as PostgreSQL writes them, and paged', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  await world.sync.query(
    `insert into sync.meter_reading (meter_id, quantity, read_at, value)
     select id, 'e', at::timestamptz, 1 from sync.meter,
       unnest('{infinity,-infinity,10000-01-01 13:59:59Z,0044-03-15 12:00:00Z BC,2026-01-01 00:00Z}'::text[]) at
     where external_id = '1'`,
  )
  const { id, lastReading } = (await agent.api<{ meters: Meter[] }>('/api/meters?q=meter%201')).body.meters[0] ?? {}
  assert.equal(lastReading?.readAt, 'infinity')
  const times: string[] = []
  let before = ''
  for (let next: string | null = ''; next !== null; before = `&before=${next}`) {
    const page: { body: { readings: Reading[]; next: string | null } } = await agent.api(
      `/api/meters/${id}/readings?limit=1${before}`,
    )
    times.push(...page.body.readings.map(({ readAt }) => readAt))
    next = page.body.next
  }
  assert.deepEqual(
    times.map((time) => time.replace(/\+.*/, '')),
    ['infinity', '10000-01-01 13:59:59', '2026-01-01T00:00:00.000Z', '0044-03-15 12:00:00', '-infinity'],
  )
})

test('searches do not delay collectors', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  const release = await world.sync.hold('begin; lock table sync.meter_change in access exclusive mode')
  const { id } = (await agent.api<{ meters: Meter[] }>('/api/meters')).body.meters[0] ?? {}
  const searches = Array.from({ length: 20 }, () => agent.api(`/api/meters/${id}/history`))
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  await eventually(async () => (await world.sync.query(waiting)).length >= 6)
  const began = performance.now()
  assert.equal((await postReadings(agent, JSON.stringify(energyReading('1', 1)))).body.stored, 1)
  assert.ok(performance.now() - began < 2_000, `it took ${performance.now() - began} ms`)
  await release()
  await Promise.all(searches)
})
