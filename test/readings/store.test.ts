import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Meter, Problem } from '../../src/wire/types.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { energyReading, postReadings } from '../support/readings.ts'
import { createWorld } from '../support/world.ts'

test('R6.5: readings are stored by external id, once, from a JSON array or from lines; invalid ones are reported by number', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  const first = await postReadings(
    agent,
    JSON.stringify([energyReading('1', 1.5), energyReading('2', 2), energyReading('1', 1.5)]),
  )
  assert.deepEqual(
    [first.status, first.body],
    [200, { stored: 2, duplicates: 1, conflicts: 0, waiting: 0, rejected: [] }],
  )
  const lines = [
    JSON.stringify(energyReading('1', 99)),
    'no json',
    '',
    JSON.stringify(energyReading('unknown', 1)),
    JSON.stringify({ ...energyReading('1', 1), readAt: 'yesterday' }),
    JSON.stringify({ ...energyReading('1', 1), value: '12' }),
    JSON.stringify({ ...energyReading('1', 1), value: undefined }),
    JSON.stringify(energyReading('1', 7)).replace('7', '1e400'),
    JSON.stringify({ ...energyReading('1', 1), unit: 'k\0' }),
    JSON.stringify({ ...energyReading('1', 1), unit: 7, clientSystemId: 8 }),
    'null',
    JSON.stringify({ ...energyReading('1', 1), quantity: ' ' }),
    JSON.stringify({ ...energyReading('1', 1), colour: 'red' }),
    JSON.stringify({ ...energyReading('1', 1), clientSystemId: 'other' }),
    '{"externalId":"3","quantity":"tab\\there \\\\ and \\n line","value":12345678901234567890.1234567890,"readAt":"2026-02-01T00:00:00.123456+02:00"}',
  ]
  const second = await postReadings(agent, lines.join('\n'))
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

test('R6.4: a reading that contradicts a stored one is a conflict; the same value again is a duplicate', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  const counts = async (...sent: object[]) => {
    const { body } = await postReadings(agent, sent.map((reading) => JSON.stringify(reading)).join('\n'))
    return [body.stored, body.duplicates, body.conflicts]
  }
  const { unit: _, ...unitless } = energyReading('1', 1.5)
  assert.deepEqual(
    await counts(energyReading('1', 1.5), energyReading('1', 2), energyReading('1', 1.5), energyReading('2', 1)),
    [2, 1, 1],
  )
  assert.deepEqual(await counts(energyReading('1', 1.5), energyReading('1', 3), energyReading('2', 1)), [0, 2, 1])
  assert.deepEqual(await counts({ ...energyReading('1', 1.5), unit: 'Wh' }, unitless), [0, 1, 1])
  const same = [
    JSON.stringify(energyReading('1', 1.5)).replace('1.5', '1.500'),
    JSON.stringify(energyReading('1', 1.5, '2026-01-31T13:00:00+01:00')),
  ]
  assert.equal((await postReadings(agent, same.join('\n'))).body.duplicates, 2)
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
  const late = (readAt: string) => JSON.stringify(energyReading('1', 1, readAt))
  const wide = Array.from({ length: 500 }, (_, at) => String.fromCodePoint(0x4e00 + ((at * 7_919) % 20_000))).join('')
  const lines = [
    JSON.stringify(energyReading('1', 1)),
    late('2026-01-31T12:00:00+16:00'),
    late('2026-01-31T12:00:00-23:59'),
    late(`2026-01-31T12:00:00.${'1'.repeat(200)}Z`),
    late('9999-12-31T23:59:59-14:00'),
    late('0001-01-01T00:00:00+14:00'),
    late('0000-12-31T23:00:00-02:00'),
    JSON.stringify({ ...energyReading('1', 1), quantity: `${wide}x` }),
    JSON.stringify({ ...energyReading('1', 1), externalId: '\ud800' }),
    JSON.stringify({ ...energyReading('2', 2), quantity: wide }),
    late('2026-01-31T12:00:00.123456789-15:59'),
  ]
  const { body } = await postReadings(agent, lines.join('\n'))
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

test('R6.8: 100,000 readings are stored in a few seconds, while a run is active, and readings of inactive meters arrive', {
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
  const answer = await postReadings(agent, body)
  assert.deepEqual(answer.body, { stored: 100_000, duplicates: 0, conflicts: 0, waiting: 0, rejected: [] })
  assert.ok(performance.now() - began < 15_000, `it took ${performance.now() - began} ms`)
  // Sent again, each is compared with the one that is stored.
  assert.equal((await postReadings(agent, body)).body.duplicates, 100_000)
  await open()
  await agent.settled()
})
