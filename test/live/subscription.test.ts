import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LiveEvent } from '../../src/live/broadcast.ts'
import { type CaughtUp, openSubscription } from '../../src/live/subscription.ts'
import type { Status } from '../../src/wire/types.ts'
import { succeeded } from '../web/samples.ts'

const status: Status = { serverTime: '2026-01-31T12:00:00.000Z', version: '0', demonstration: false, clientSystems: [] }
const statusAt = (revision: number, runsSentTo = revision): LiveEvent => ({
  type: 'status',
  status,
  revision,
  runsSentTo,
})
const runAt = (revision: number): LiveEvent => ({ type: 'run', run: succeeded(1, revision) })

/** Opens a subscription whose state is read when `state` resolves; `send` broadcasts an event. */
function open(since: number | null, state: Promise<CaughtUp>) {
  const subscribers = new Set<(event: LiveEvent) => void>()
  let overflows = 0
  const subscription = openSubscription({
    since,
    subscribe: (subscriber) => {
      subscribers.add(subscriber)
      return () => void subscribers.delete(subscriber)
    },
    catchUp: () => state,
    onOverflow: () => void overflows++,
  })
  const send = (event: LiveEvent) => {
    for (const subscriber of subscribers) subscriber(event)
  }
  return { subscription, send, overflows: () => overflows, count: () => subscribers.size }
}

test('a subscriber receives the state, the runs that it missed, and then every later run once', async () => {
  const state = Promise.withResolvers<CaughtUp>()
  const { subscription, send } = open(3, state.promise)
  send(runAt(7))
  send(runAt(9))
  const missed = [succeeded(1, 5), succeeded(2, 7)]
  state.resolve({ status, revision: 8, runs: missed, unavailable: null })
  const { initial, start } = await subscription
  send(statusAt(10, 9))
  // The id of the first status is still that of the subscriber, until the missed runs are sent.
  assert.deepEqual(initial, [statusAt(8, 3), ...missed.map((run) => ({ type: 'run', run }))])
  const received: LiveEvent[] = []
  start((event) => received.push(event))
  send(statusAt(9))
  send(runAt(11))
  assert.deepEqual(received, [runAt(9), statusAt(10, 9), runAt(11)])
})

test('a status that the broadcast sent with an older id has the id of the state that the subscriber began with', async () => {
  const { subscription, send } = open(
    null,
    Promise.resolve({ status, revision: 8, runs: [], unavailable: { message: 'down', hint: 'wait' } }),
  )
  const { initial, start, close } = await subscription
  assert.deepEqual(initial, [statusAt(8), { type: 'unavailable', unavailable: { message: 'down', hint: 'wait' } }])
  const received: LiveEvent[] = []
  start((event) => received.push(event))
  send(statusAt(8, 6))
  assert.deepEqual(received, [statusAt(8, 8)])
  close()
  send(runAt(9))
  assert.equal(received.length, 1)
})

test('a subscription is closed when too many events are held back or its state cannot be read', async () => {
  const { send, overflows, count } = open(null, new Promise(() => undefined))
  for (let revision = 1; revision <= 600; revision++) send(runAt(revision))
  assert.deepEqual([overflows(), count()], [1, 0])
  const failing = open(null, Promise.reject(new Error('the database is down')))
  await assert.rejects(failing.subscription, /the database is down/)
  assert.equal(failing.count(), 0)
})
