import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { createBroadcast, type LiveEvent } from '../../src/live/broadcast.ts'
import type { Status } from '../../src/wire/types.ts'
import { succeeded as sampleSuccess } from '../web/samples.ts'

const status: Status = { serverTime: '2026-01-31T12:00:00.000Z', version: '0', demonstration: false, clientSystems: [] }

test('F20: a read that never answers is left behind, and the watchers are told by the next', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let reads = 0
  const watch = createBroadcast({
    // The first goes out on a connection whose other end is gone.
    readStatus: () => (++reads === 1 ? new Promise(() => undefined) : Promise.resolve({ status, revision: 7 })),
    readRunsSince: async () => [],
    listening: () => true,
    log: pino({ level: 'silent' }),
  })
  const told: LiveEvent[] = []
  watch.add((event) => told.push(event))
  watch.look({ whole: true })
  const settle = () => new Promise((done) => setImmediate(done))
  for (let second = 0; second < 6; second++) {
    await settle()
    t.mock.timers.tick(1_000)
  }
  await settle()
  assert.equal(reads, 2)
  assert.deepEqual(
    told.map(({ type }) => type),
    ['unavailable', 'status'],
  )
  assert.deepEqual(told[1], { type: 'status', status, revision: 7, seen: 7 })
  assert.equal(watch.lost(), null)
})

test('a status that includes a run which the watchers were not sent yet does not say that they were', async () => {
  const run = sampleSuccess(1, 7)
  const later = Promise.withResolvers<void>()
  let revision = 6
  const watch = createBroadcast({
    // Another run ended between the two reads.
    readStatus: () => Promise.resolve({ status, revision: revision + 1 }),
    readRunsSince: async () => {
      revision = 7
      return [run]
    },
    listening: () => true,
    log: pino({ level: 'silent' }),
  })
  const told: LiveEvent[] = []
  watch.add((event) => {
    told.push(event)
    if (event.type === 'status') later.resolve()
  })
  watch.told({ status, revision: 6 })
  watch.look({ whole: false })
  await later.promise
  assert.deepEqual(told, [
    { type: 'run', run },
    { type: 'status', status, revision: 8, seen: 7 },
  ])
})

test('subscribers are told once that the Sync database was lost, and get no status before changes are heard again', async () => {
  let listening = false
  const back = Promise.withResolvers<void>()
  const watch = createBroadcast({
    readStatus: () => Promise.resolve({ status, revision: 7 }),
    readRunsSince: async () => [],
    listening: () => listening,
    log: pino({ level: 'silent' }),
  })
  const told: LiveEvent['type'][] = []
  watch.add(({ type }) => {
    told.push(type)
    if (type === 'status') back.resolve()
  })
  watch.lose()
  watch.lose()
  watch.look({ whole: true })
  for (let turn = 0; turn < 3; turn++) await new Promise((done) => setImmediate(done))
  assert.deepEqual(told, ['unavailable'])
  assert.match(watch.lost()?.message ?? '', /does not answer/)
  listening = true
  watch.look({ whole: true })
  await back.promise
  assert.deepEqual(told, ['unavailable', 'status'])
  assert.equal(watch.lost(), null)
})
