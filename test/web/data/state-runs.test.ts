import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { reduce } from '../../../web/src/data/state.ts'
import {
  at,
  cancelled,
  clientSystem,
  failed,
  idsOf,
  inSync,
  interrupted,
  live,
  loseConnection,
  noon,
  progressOf,
  queued,
  receiveProgress,
  receiveRuns,
  running,
  succeeded,
  systemOf,
} from '../samples.ts'

describe('a run', () => {
  test('becomes the active one when it is queued, and follows its phases', () => {
    const state = receiveRuns(live(inSync(succeeded(1, 10))), queued(2, 20))
    assert.deepEqual(systemOf(state).status.activeRun, queued(2, 20))
    const applying = running(2, 22, { phase: 'applying' })
    assert.deepEqual(systemOf(receiveRuns(state, running(2, 21), applying)).status.activeRun, applying)
  })

  test('that ends clears the active run and its progress', () => {
    const active = running(2, 20)
    for (const end of [succeeded(2, 21), failed(2, 21), cancelled(2, 21), interrupted(2, 21)]) {
      const before = receiveProgress(receiveRuns(live(inSync(succeeded(1, 10))), active), progressOf(active))
      assert.notEqual(systemOf(before).progress, null)
      const { status, progress } = systemOf(receiveRuns(before, end))
      assert.equal(status.activeRun, null, end.status)
      assert.equal(progress, null, end.status)
      assert.deepEqual(status.lastRun, end)
    }
  })

  test('that succeeds is the last success, and makes the meters fresh', () => {
    const stale = { ...inSync(succeeded(1, 10)), freshness: 'stale' } as const
    const { status } = systemOf(receiveRuns(live(stale), succeeded(2, 21)))
    assert.deepEqual(status.lastSuccess, succeeded(2, 21))
    assert.equal(status.freshness, 'fresh')
    assert.equal(status.lastFailure, null)
  })

  test('that fails or is interrupted never changes the last success', () => {
    for (const end of [failed(2, 21), interrupted(2, 21)]) {
      const { status } = systemOf(receiveRuns(live(inSync(succeeded(1, 10))), running(2, 20), end))
      assert.deepEqual(status.lastSuccess, succeeded(1, 10))
      assert.deepEqual(status.lastFailure, end)
      assert.equal(status.freshness, 'fresh')
    }
  })

  test('that was cancelled is neither a success nor a failure', () => {
    const { status } = systemOf(receiveRuns(live(inSync(succeeded(1, 10))), cancelled(2, 21)))
    assert.deepEqual(status.lastSuccess, succeeded(1, 10))
    assert.equal(status.lastFailure, null)
  })

  test('that is replayed or late has no effect', () => {
    const state = receiveRuns(live(inSync(succeeded(1, 10))), running(2, 20), succeeded(2, 23))
    const again = receiveRuns(state, succeeded(1, 10), queued(2, 19), running(2, 20), running(2, 22), succeeded(2, 23))
    assert.deepEqual(again, state)
  })

  test('in the answer to a trigger has no effect after the stream sent a later state', () => {
    const state = receiveRuns(live(inSync(succeeded(1, 10))), running(2, 21))
    assert.deepEqual(receiveRuns(state, queued(2, 20)), state)
    const ended = receiveRuns(state, succeeded(2, 22))
    assert.deepEqual(receiveRuns(ended, queued(2, 20)), ended)
  })

  test('that arrived while the stream was lost does not make the rest of the page current', () => {
    const lost = loseConnection(live(clientSystem()))
    const state = reduce(lost, { type: 'run', run: queued(1, 5), at: null })
    assert.equal(state.lastUpdateAt, noon)
    assert.deepEqual(systemOf(state).status.activeRun, queued(1, 5))
    assert.equal(reduce(lost, { type: 'run', run: queued(1, 5), at: noon + 7 }).lastUpdateAt, noon + 7)
  })

  test('of another Client System changes that one alone', () => {
    const state = live(clientSystem({ id: 'a' }), clientSystem({ id: 'b' }))
    const after = receiveRuns(state, running(1, 5, { clientSystemId: 'b' }))
    assert.equal(systemOf(after, 'a'), systemOf(state, 'a'))
    assert.equal(systemOf(after, 'b').status.activeRun?.id, 'run-1')
  })

  test('of a Client System that the page does not know is dropped', () => {
    const state = live(clientSystem())
    assert.deepEqual(receiveRuns(state, running(1, 5, { clientSystemId: 'elsewhere' })), state)
  })
})

describe('progress', () => {
  test('belongs to the active run', () => {
    const active = running(2, 20)
    const state = receiveRuns(live(inSync(succeeded(1, 10))), active)
    assert.deepEqual(systemOf(receiveProgress(state, progressOf(active, 300))).progress, progressOf(active, 300))
  })

  test('of a run that is not active is dropped', () => {
    const idle = live(inSync(succeeded(1, 10)))
    assert.equal(systemOf(receiveProgress(idle, progressOf(succeeded(1, 10)))).progress, null)
    const active = running(2, 20)
    const state = receiveProgress(receiveRuns(idle, active), progressOf(active, 300))
    assert.deepEqual(systemOf(receiveProgress(state, progressOf(queued(1, 9), 7))).progress, progressOf(active, 300))
  })

  test('does not stay with the next run', () => {
    const first = running(2, 20)
    const state = receiveProgress(receiveRuns(live(inSync(succeeded(1, 10))), first), progressOf(first))
    assert.equal(systemOf(receiveRuns(state, queued(3, 30))).progress, null)
  })
})

test('a history that could not be read keeps the runs that were read before', () => {
  const state = reduce(live(inSync(succeeded(1, 10))), { type: 'history failed', clientSystemId: 'main' })
  assert.equal(systemOf(state).history.state, 'failed')
  assert.deepEqual(idsOf(systemOf(state).history), ['run-1'])
})

test('runs that were queued at the same moment are in the order of the API, by id', () => {
  const twins = [succeeded(2, 21, { id: 'b', queuedAt: at(60) }), succeeded(3, 22, { id: 'a', queuedAt: at(60) })]
  const orders = [twins, twins.toReversed()].map((runs) =>
    idsOf(systemOf(receiveRuns(live(clientSystem()), ...runs)).history),
  )
  assert.deepEqual(orders, [
    ['b', 'a'],
    ['b', 'a'],
  ])
})
