import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { initialState, knowsMore, reduce, type State } from '../../../web/src/data/state.ts'
import {
  clientSystem,
  failed,
  idsOf,
  inSync,
  live,
  loseConnection,
  noon,
  pollStatus,
  progressOf,
  queued,
  receiveProgress,
  receiveRuns,
  receiveStatus,
  running,
  statusOf,
  succeeded,
  systemOf,
} from '../samples.ts'

describe('a status', () => {
  test('replaces the earlier status, and makes the page live', () => {
    const state = receiveStatus(initialState, statusOf(inSync(succeeded(1, 10))))
    assert.equal(state.connection, 'live')
    assert.deepEqual(state.agent, { version: '1.2.3', demonstration: false })
    assert.deepEqual(systemOf(state).status, inSync(succeeded(1, 10)))

    const later = receiveStatus(state, statusOf(inSync(succeeded(2, 20))))
    assert.deepEqual(systemOf(later).status, inSync(succeeded(2, 20)))
    assert.deepEqual(idsOf(systemOf(later).history), ['run-2', 'run-1'])
  })

  test('that opens a connection is taken unchanged, also when its revisions restart', () => {
    const before = receiveRuns(live(inSync(succeeded(1, 900))), running(2, 901))
    const after = receiveStatus(loseConnection(before), statusOf(inSync(succeeded(3, 4))))
    assert.deepEqual(systemOf(after).status, inSync(succeeded(3, 4)))
  })

  test('removes and adds Client Systems', () => {
    const state = receiveStatus(live(clientSystem({ id: 'a' }), clientSystem({ id: 'b' })), {
      ...statusOf(clientSystem({ id: 'b' }), clientSystem({ id: 'c' })),
    })
    assert.deepEqual(
      state.systems.map((s) => s.status.id),
      ['b', 'c'],
    )
  })

  test('read before the answer to a trigger does not remove the requested run', () => {
    const state = receiveRuns(live(inSync(succeeded(1, 10))), queued(2, 20))
    const crossed = { ...inSync(succeeded(1, 10)), meters: { total: 12, active: 12, inactive: 0 } }
    for (const after of [receiveStatus(state, statusOf(crossed)), pollStatus(state, statusOf(crossed))]) {
      assert.deepEqual(systemOf(after).status.activeRun, queued(2, 20))
      assert.deepEqual(systemOf(after).status.meters, crossed.meters)
    }
  })

  test('requested while a run ended does not make the run active again', () => {
    const ended = receiveRuns(live(inSync(succeeded(1, 10))), running(2, 20), failed(2, 21))
    const after = pollStatus(ended, statusOf({ ...inSync(succeeded(1, 10)), activeRun: running(2, 20) }))
    assert.equal(systemOf(after).status.activeRun, null)
    assert.deepEqual(systemOf(after).status.lastRun, failed(2, 21))
    assert.deepEqual(systemOf(after).status.lastFailure, failed(2, 21))
  })

  test('shows that the meters became stale, though no run happened', () => {
    const stale = { ...inSync(succeeded(1, 10)), freshness: 'stale' } as const
    assert.equal(systemOf(pollStatus(live(inSync(succeeded(1, 10))), statusOf(stale))).status.freshness, 'stale')
  })

  test('that was requested does not make a lost connection live', () => {
    const state = pollStatus(loseConnection(live(inSync(succeeded(1, 10)))), statusOf(inSync(succeeded(2, 20))))
    assert.equal(state.connection, 'polled')
    assert.deepEqual(systemOf(state).status, inSync(succeeded(2, 20)))
    assert.equal(loseConnection(state), state, 'a stream that still does not get through changes nothing')
    assert.equal(receiveStatus(state, statusOf(inSync(succeeded(2, 20)))).connection, 'live')
  })

  test('requested after a lost connection may be of another database, a later one not', () => {
    const before = receiveRuns(live(inSync(succeeded(1, 900))), running(2, 901))
    const first = pollStatus(loseConnection(before), statusOf(inSync(succeeded(3, 4))))
    assert.deepEqual(systemOf(first).status, inSync(succeeded(3, 4)))
    const state = receiveRuns(first, queued(4, 5))
    assert.equal(systemOf(pollStatus(state, statusOf(inSync(succeeded(3, 4))))).status.activeRun?.id, 'run-4')
  })

  test('that is unavailable shows its cause until the next status arrives', () => {
    const refused = { message: 'The Sync database does not answer', hint: null }
    const unanswered = (state: State) => reduce(state, { type: 'unanswered', refused })
    const open = live(inSync(succeeded(1, 10)))
    assert.equal(unanswered(open), open, 'the stream decides while it is open')
    const asked = pollStatus(loseConnection(open), statusOf(inSync(succeeded(1, 10))))
    for (const state of [unanswered(initialState), unanswered(loseConnection(open)), unanswered(asked)]) {
      assert.deepEqual([state.connection, state.refused], ['lost', refused])
      assert.equal(receiveStatus(state, statusOf(inSync(succeeded(1, 10)))).refused, null)
      assert.equal(pollStatus(state, statusOf(inSync(succeeded(1, 10)))).refused, null)
    }
  })

  test('keeps the progress of the run that is still active, and drops that of another', () => {
    const active = running(2, 20)
    const state = receiveProgress(receiveRuns(live(inSync(succeeded(1, 10))), active), progressOf(active))
    const same = receiveStatus(state, statusOf({ ...inSync(succeeded(1, 10)), activeRun: active }))
    assert.deepEqual(systemOf(same).progress, progressOf(active))
    const other = receiveStatus(state, statusOf({ ...inSync(succeeded(2, 21)), activeRun: running(3, 30) }))
    assert.equal(systemOf(other).progress, null)
  })

  test('gives the difference between the clocks', () => {
    const state = reduce(initialState, { type: 'status', status: statusOf(), at: noon - 90_000, from: 'stream' })
    assert.equal(state.clockOffset, 90_000)
  })
})

test('a lost connection keeps the last known state', () => {
  const state = live(inSync(succeeded(1, 10)))
  const lost = loseConnection(state)
  assert.deepEqual(lost, { ...state, connection: 'lost' })
  assert.equal(loseConnection(lost), lost)
})

test('a requested status shows whether the stream has missed anything', () => {
  const state = live(inSync(succeeded(2, 20)))
  assert.equal(knowsMore(statusOf(inSync(succeeded(2, 20))), state), false)
  assert.equal(knowsMore(statusOf(inSync(succeeded(1, 10))), state), false, 'an answer from before')
  assert.equal(knowsMore(statusOf(inSync(succeeded(3, 30))), state), true)
  assert.equal(knowsMore(statusOf({ ...inSync(succeeded(2, 20)), activeRun: running(3, 25) }), state), true)
  assert.equal(
    knowsMore(statusOf({ ...inSync(succeeded(2, 20)), activeRun: running(3, 25) }), receiveRuns(state, running(3, 25))),
    false,
  )
})
