import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { createBroadcast, type LiveEvent } from '../../src/live/broadcast.ts'
import type { Status } from '../../src/wire/types.ts'
import { progressOf, running, succeeded } from '../web/samples.ts'

const status: Status = { serverTime: '2026-01-31T12:00:00.000Z', version: '0', demonstration: false, clientSystems: [] }

test('F20: a read that never answers is abandoned, and the next read serves the subscribers', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let reads = 0
  const broadcast = createBroadcast({
    // The first read uses a connection whose other end is gone.
    readStatus: () => (++reads === 1 ? new Promise(() => undefined) : Promise.resolve({ status, revision: 7 })),
    readRunsSince: async () => [],
    listening: () => true,
    log: pino({ level: 'silent' }),
  })
  const received: LiveEvent[] = []
  broadcast.subscribe((event) => received.push(event))
  broadcast.refresh({ withStatus: true })
  const settle = () => new Promise((done) => setImmediate(done))
  for (let second = 0; second < 6; second++) {
    await settle()
    t.mock.timers.tick(1_000)
  }
  await settle()
  assert.equal(reads, 2)
  assert.deepEqual(
    received.map(({ type }) => type),
    ['unavailable', 'status'],
  )
  assert.deepEqual(received[1], { type: 'status', status, revision: 7, runsSentTo: 7 })
  assert.equal(broadcast.unavailable(), null)
})

test('a status that includes a run which was not sent yet has the revision of the last run that was sent', async () => {
  const run = succeeded(1, 7)
  const later = Promise.withResolvers<void>()
  let revision = 6
  const broadcast = createBroadcast({
    // Another run ended between the two reads.
    readStatus: () => Promise.resolve({ status, revision: revision + 1 }),
    readRunsSince: async () => {
      revision = 7
      return [run]
    },
    listening: () => true,
    log: pino({ level: 'silent' }),
  })
  const received: LiveEvent[] = []
  broadcast.subscribe((event) => {
    received.push(event)
    if (event.type === 'status') later.resolve()
  })
  broadcast.recordSent({ status, revision: 6 })
  broadcast.refresh({ withStatus: false })
  await later.promise
  assert.deepEqual(received, [
    { type: 'run', run },
    { type: 'status', status, revision: 8, runsSentTo: 7 },
  ])
})

test('subscribers receive one unavailable event when the Sync database is lost, and no status before notifications arrive again', async () => {
  let listening = false
  const back = Promise.withResolvers<void>()
  const broadcast = createBroadcast({
    readStatus: () => Promise.resolve({ status, revision: 7 }),
    readRunsSince: async () => [],
    listening: () => listening,
    log: pino({ level: 'silent' }),
  })
  const received: LiveEvent['type'][] = []
  broadcast.subscribe(({ type }) => {
    received.push(type)
    if (type === 'status') back.resolve()
  })
  broadcast.reportUnavailable()
  broadcast.reportUnavailable()
  broadcast.refresh({ withStatus: true })
  for (let turn = 0; turn < 3; turn++) await new Promise((done) => setImmediate(done))
  assert.deepEqual(received, ['unavailable'])
  assert.match(broadcast.unavailable()?.message ?? '', /does not answer/)
  listening = true
  broadcast.refresh({ withStatus: true })
  await back.promise
  assert.deepEqual(received, ['unavailable', 'status'])
  assert.equal(broadcast.unavailable(), null)
})

test('an outage of the Sync database is logged once, and the next one again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const lines: string[] = []
  let reads = 0
  const broadcast = createBroadcast({
    readStatus: () => (++reads === 4 ? Promise.resolve({ status, revision: 7 }) : Promise.reject(new Error('gone'))),
    readRunsSince: async () => [],
    listening: () => true,
    log: pino({ level: 'warn' }, { write: (line) => void lines.push(JSON.parse(line).msg) }),
  })
  const outage = async (until: number) => {
    broadcast.refresh({ withStatus: true })
    while (reads < until) {
      await new Promise((done) => setImmediate(done))
      t.mock.timers.tick(1_000)
    }
    await new Promise((done) => setImmediate(done))
  }
  await outage(4)
  assert.deepEqual(lines, ['cannot read the state for live events; retrying'])
  await outage(6)
  assert.equal(lines.length, 2)
  await broadcast.stop()
})

test('progress is sent only for a run that is known to be active', async () => {
  const run = running(1, 7)
  const broadcast = createBroadcast({
    readStatus: () => Promise.resolve({ status, revision: 7 }),
    readRunsSince: async () => [run],
    listening: () => true,
    log: pino({ level: 'silent' }),
  })
  const sent = Promise.withResolvers<void>()
  const received: LiveEvent['type'][] = []
  broadcast.subscribe(({ type }) => {
    received.push(type)
    if (type === 'run') sent.resolve()
  })
  broadcast.recordSent({ status, revision: 6 })
  broadcast.sendProgress(progressOf(run))
  assert.deepEqual(received, [])
  broadcast.refresh({ withStatus: false })
  await sent.promise
  broadcast.sendProgress(progressOf(run))
  broadcast.sendProgress(progressOf(succeeded(2, 5)))
  assert.deepEqual(received, ['run', 'progress'])
})
