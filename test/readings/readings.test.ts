import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Meter, Problem, Reading, StoredReadings } from '../../src/wire/types.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { createWorld, eventually, type TestAgent } from '../support/world.ts'

const post = (agent: TestAgent, body: string | Buffer) =>
  agent.api<StoredReadings>('/api/readings', { method: 'POST', body })
const energy = (externalId: string, value: number, readAt = '2026-01-31T12:00:00Z') => ({
  externalId,
  quantity: 'energy',
  value,
  unit: 'kWh',
  readAt,
})

test('readings are stored by external id, once, from a JSON array or from lines; invalid ones are reported by number', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  const first = await post(agent, JSON.stringify([energy('1', 1.5), energy('2', 2), energy('1', 1.5)]))
  assert.deepEqual(
    [first.status, first.body],
    [200, { stored: 2, duplicates: 1, conflicts: 0, waiting: 0, rejected: [] }],
  )
  const lines = [
    JSON.stringify(energy('1', 99)),
    'no json',
    '',
    JSON.stringify(energy('unknown', 1)),
    JSON.stringify({ ...energy('1', 1), readAt: 'yesterday' }),
    JSON.stringify({ ...energy('1', 1), value: '12' }),
    JSON.stringify({ ...energy('1', 1), value: undefined }),
    JSON.stringify(energy('1', 7)).replace('7', '1e400'),
    JSON.stringify({ ...energy('1', 1), unit: 'k\0' }),
    JSON.stringify({ ...energy('1', 1), unit: 7, clientSystemId: 8 }),
    'null',
    JSON.stringify({ ...energy('1', 1), quantity: ' ' }),
    JSON.stringify({ ...energy('1', 1), colour: 'red' }),
    JSON.stringify({ ...energy('1', 1), clientSystemId: 'other' }),
    '{"externalId":"3","quantity":"tab\\there \\\\ and \\n line","value":12345678901234567890.1234567890,"readAt":"2026-02-01T00:00:00.123456+02:00"}',
  ]
  const second = await post(agent, lines.join('\n'))
  assert.deepEqual([second.body.stored, second.body.waiting], [1, 1])
  assert.deepEqual([second.body.duplicates, second.body.conflicts], [0, 1], 'the first value of a time stays')
  assert.deepEqual(
    second.body.rejected.map(({ line, reason }) => `${line}: ${reason}`),
    [
      '2: the line is not JSON',
      '5: readAt must be a time with its offset, like 2026-01-31T12:00:00Z',
      '6: value must be a number',
      '7: value must be a number',
      '8: value has more than 60 digits on a side of its point, or an exponent beyond 99',
      '9: unit holds a NUL',
      '10: clientSystemId must be a text; unit must be a text',
      '11: a reading must be an object',
      '12: quantity must not be blank',
      '13: a reading has no colour',
      '14: clientSystemId must be one of: main',
    ],
  )
  const stored = await world.sync.query(
    `select m.external_id, r.quantity, r.value::text, r.unit, extract(epoch from r.read_at)::text as at
     from sync.meter_reading r join sync.meter m on m.id = r.meter_id order by 1`,
  )
  assert.deepEqual(stored, [
    { external_id: '1', quantity: 'energy', value: '1.5', unit: 'kWh', at: '1769860800.000000' },
    { external_id: '2', quantity: 'energy', value: '2', unit: 'kWh', at: '1769860800.000000' },
    {
      external_id: '3',
      quantity: 'tab\there \\ and \n line',
      value: '12345678901234567890.1234567890',
      unit: null,
      at: '1769896800.123456',
    },
  ])
})

test('a reading that contradicts a stored one is a conflict; the same value again is a duplicate', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  const counts = async (...sent: object[]) => {
    const { body } = await post(agent, sent.map((reading) => JSON.stringify(reading)).join('\n'))
    return [body.stored, body.duplicates, body.conflicts]
  }
  const { unit: _, ...unitless } = energy('1', 1.5)
  assert.deepEqual(await counts(energy('1', 1.5), energy('1', 2), energy('1', 1.5), energy('2', 1)), [2, 1, 1])
  assert.deepEqual(await counts(energy('1', 1.5), energy('1', 3), energy('2', 1)), [0, 2, 1])
  assert.deepEqual(await counts({ ...energy('1', 1.5), unit: 'Wh' }, unitless), [0, 1, 1])
  const same = [
    JSON.stringify(energy('1', 1.5)).replace('1.5', '1.500'),
    JSON.stringify(energy('1', 1.5, '2026-01-31T13:00:00+01:00')),
  ]
  assert.equal((await post(agent, same.join('\n'))).body.duplicates, 2)
  const stored = await world.sync.query('select value::text, unit from sync.meter_reading order by 1')
  assert.deepEqual(stored, [
    { value: '1', unit: 'kWh' },
    { value: '1.5', unit: 'kWh' },
  ])
})

test('readings that PostgreSQL cannot store are rejected by line, and the valid readings are stored', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  const late = (readAt: string) => JSON.stringify(energy('1', 1, readAt))
  const wide = Array.from({ length: 500 }, (_, at) => String.fromCodePoint(0x4e00 + ((at * 7_919) % 20_000))).join('')
  const lines = [
    JSON.stringify(energy('1', 1)),
    late('2026-01-31T12:00:00+16:00'),
    late('2026-01-31T12:00:00-23:59'),
    late(`2026-01-31T12:00:00.${'1'.repeat(200)}Z`),
    late('9999-12-31T23:59:59-14:00'),
    late('0001-01-01T00:00:00+14:00'),
    late('0000-12-31T23:00:00-02:00'),
    JSON.stringify({ ...energy('1', 1), quantity: `${wide}x` }),
    JSON.stringify({ ...energy('1', 1), externalId: '\ud800' }),
    JSON.stringify({ ...energy('2', 2), quantity: wide }),
    late('2026-01-31T12:00:00.123456789-15:59'),
  ]
  const { body } = await post(agent, lines.join('\n'))
  assert.equal(body.stored, 3)
  const time = 'readAt must lie in the years 1 to 9999, with an offset under 16 hours and at most 9 decimals'
  assert.deepEqual(
    body.rejected.map(({ line, reason }) => `${line}: ${reason}`),
    [
      ...[2, 3, 4, 5, 6, 7].map((line) => `${line}: ${time}`),
      '8: quantity is longer than 500 characters',
      '9: externalId holds half of a surrogate pair',
    ],
  )
  const { id } = (await agent.api<{ meters: Meter[] }>('/api/meters?q=meter%201')).body.meters[0] ?? {}
  const later = encodeURIComponent('2026-01-31T12:00:00+16:00')
  const answer = await agent.api<Problem>(`/api/meters/${id}/readings?from=${later}`)
  assert.deepEqual([answer.status, answer.body.code], [400, 'bad_request'])
})

test('bytes that are not UTF-8 are rejected, by line or with the whole array', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  const latin = Buffer.from(`${JSON.stringify({ ...energy('1', 1), quantity: 'Stärke' })}\n`, 'latin1')
  const good = Buffer.from(JSON.stringify({ ...energy('1', 2), quantity: 'Stärke' }))
  const { body } = await post(agent, Buffer.concat([latin, good]))
  assert.deepEqual(body, {
    stored: 1,
    duplicates: 0,
    conflicts: 0,
    waiting: 0,
    rejected: [{ line: 1, reason: 'the line is not UTF-8' }],
  })
  const array = Buffer.concat([Buffer.from('['), latin, Buffer.from(']')])
  const refused = await agent.api<Problem>('/api/readings', { method: 'POST', body: array })
  assert.deepEqual([refused.status, refused.body.code], [400, 'bad_request'])
  assert.match(refused.body.detail, /not UTF-8/)
  const headers = { 'Content-Encoding': 'gzip' }
  const packed = await agent.api<Problem>('/api/readings', { method: 'POST', body: '', headers })
  assert.deepEqual([packed.status, packed.body.code], [400, 'bad_request'])
})

test('F24: a body of too many tiny lines is refused', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  for (const body of ['1\n'.repeat(5_200_000), `[${'1,'.repeat(5_000_000)}1]`, `[${'1,'.repeat(200_000)}1]`]) {
    const { status, body: answer } = await agent.api<Problem>('/api/readings', { method: 'POST', body })
    assert.deepEqual([status, answer.code], [413, 'too_large'])
    assert.match(answer.detail, /more than 200,000 readings/)
  }
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

test('a body in another format is refused, and an empty one stores nothing', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api' })
  assert.deepEqual((await post(agent, '')).body, { stored: 0, duplicates: 0, conflicts: 0, waiting: 0, rejected: [] })
  assert.deepEqual((await post(agent, '[]')).body, { stored: 0, duplicates: 0, conflicts: 0, waiting: 0, rejected: [] })
  const broken = await agent.api<Problem>('/api/readings', { method: 'POST', body: '[{"externalId":' })
  assert.deepEqual([broken.status, broken.body.code], [400, 'bad_request'])
  const huge = await agent.api<Problem>('/api/readings', { method: 'POST', body: ' '.repeat(10 * 1_024 * 1_024 + 1) })
  assert.deepEqual([huge.status, huge.body.code], [413, 'too_large'])
})

test('100,000 readings are stored in a few seconds, while a run is active, and readings of inactive meters arrive', {
  timeout: 60_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 1_000)
  const gate = await createGate(world.source)
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: gate.query })
  await agent.settled()
  await world.source.query('delete from meter where external_id <= 5')
  assert.equal((await agent.sync()).counts?.deleted, 5)
  const open = await gate.close()
  await agent.api('/api/sync', { method: 'POST' })
  await gate.untilReached()
  const body = Array.from(
    { length: 100_000 },
    (_, at) =>
      `{"externalId":"${1 + (at % 1_000)}","quantity":"e","value":${at},"readAt":"${new Date(Date.UTC(2026, 0, 1) + Math.floor(at / 1_000) * 1_000).toISOString()}"}`,
  ).join('\n')
  const began = performance.now()
  const answer = await post(agent, body)
  assert.deepEqual(answer.body, { stored: 100_000, duplicates: 0, conflicts: 0, waiting: 0, rejected: [] })
  assert.ok(performance.now() - began < 15_000, `it took ${performance.now() - began} ms`)
  // Sent again, each is compared with the one that is stored.
  assert.equal((await post(agent, body)).body.duplicates, 100_000)
  await open()
  await agent.settled()
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
  assert.equal((await post(agent, JSON.stringify(energy('1', 1)))).body.stored, 1)
  assert.ok(performance.now() - began < 2_000, `it took ${performance.now() - began} ms`)
  await release()
  await Promise.all(searches)
})

test("a meter's readings are paged, newest first, `from` inclusive and `to` exclusive; the list of meters has the newest", async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  const readings = Array.from({ length: 10 }, (_, at) => energy('2', at, `2026-01-01T0${at}:00:00Z`))
  await post(agent, JSON.stringify([...readings, { ...energy('2', 7, '2026-01-01T05:00:00Z'), quantity: 'power' }]))
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
