import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Progress, Run, Status } from '../../../src/wire/types.ts'
import { initialState, knowsMore, reduce, type State } from '../../../web/src/data/state.ts'
import {
  at,
  cancelled,
  clientSystem,
  failed,
  hear,
  idsOf,
  inSync,
  interrupted,
  live,
  noon,
  progressOf,
  queued,
  running,
  statusOf,
  succeeded,
  systemOf,
} from '../samples.ts'

const onStream = (state: State, status: Status) => reduce(state, { type: 'status', status, at: noon, from: 'stream' })
const polled = (state: State, status: Status) => reduce(state, { type: 'status', status, at: noon, from: 'poll' })
const tick = (state: State, progress: Progress) => reduce(state, { type: 'progress', progress, at: noon })
const lose = (state: State) => reduce(state, { type: 'lost' })

describe('a status', () => {
  test('replaces the earlier status, and makes the page live', () => {
    const state = onStream(initialState, statusOf(inSync(succeeded(1, 10))))
    assert.equal(state.connection, 'live')
    assert.deepEqual(state.agent, { version: '1.2.3', demonstration: false })
    assert.deepEqual(systemOf(state).status, inSync(succeeded(1, 10)))

    const later = onStream(state, statusOf(inSync(succeeded(2, 20))))
    assert.deepEqual(systemOf(later).status, inSync(succeeded(2, 20)))
    assert.deepEqual(idsOf(systemOf(later).history), ['run-2', 'run-1'])
  })

  test('that opens a connection is taken unchanged, also when its revisions restart', () => {
    const before = hear(live(inSync(succeeded(1, 900))), running(2, 901))
    const after = onStream(lose(before), statusOf(inSync(succeeded(3, 4))))
    assert.deepEqual(systemOf(after).status, inSync(succeeded(3, 4)))
  })

  test('removes and adds Client Systems', () => {
    const state = onStream(live(clientSystem({ id: 'a' }), clientSystem({ id: 'b' })), {
      ...statusOf(clientSystem({ id: 'b' }), clientSystem({ id: 'c' })),
    })
    assert.deepEqual(
      state.systems.map((s) => s.status.id),
      ['b', 'c'],
    )
  })

  test('read before the answer to a trigger does not remove the requested run', () => {
    const state = hear(live(inSync(succeeded(1, 10))), queued(2, 20))
    const crossed = { ...inSync(succeeded(1, 10)), meters: { total: 12, active: 12, inactive: 0 } }
    for (const after of [onStream(state, statusOf(crossed)), polled(state, statusOf(crossed))]) {
      assert.deepEqual(systemOf(after).status.activeRun, queued(2, 20))
      assert.deepEqual(systemOf(after).status.meters, crossed.meters)
    }
  })

  test('requested while a run ended does not make the run active again', () => {
    const ended = hear(live(inSync(succeeded(1, 10))), running(2, 20), failed(2, 21))
    const after = polled(ended, statusOf({ ...inSync(succeeded(1, 10)), activeRun: running(2, 20) }))
    assert.equal(systemOf(after).status.activeRun, null)
    assert.deepEqual(systemOf(after).status.lastRun, failed(2, 21))
    assert.deepEqual(systemOf(after).status.lastFailure, failed(2, 21))
  })

  test('shows that the meters became stale, though no run happened', () => {
    const stale = { ...inSync(succeeded(1, 10)), freshness: 'stale' } as const
    assert.equal(systemOf(polled(live(inSync(succeeded(1, 10))), statusOf(stale))).status.freshness, 'stale')
  })

  test('that was requested does not make a lost connection live', () => {
    const state = polled(lose(live(inSync(succeeded(1, 10)))), statusOf(inSync(succeeded(2, 20))))
    assert.equal(state.connection, 'polled')
    assert.deepEqual(systemOf(state).status, inSync(succeeded(2, 20)))
    assert.equal(lose(state), state, 'a stream that still does not get through is no news')
    assert.equal(onStream(state, statusOf(inSync(succeeded(2, 20)))).connection, 'live')
  })

  test('requested after a lost connection may be of another database, a later one not', () => {
    const before = hear(live(inSync(succeeded(1, 900))), running(2, 901))
    const first = polled(lose(before), statusOf(inSync(succeeded(3, 4))))
    assert.deepEqual(systemOf(first).status, inSync(succeeded(3, 4)))
    const state = hear(first, queued(4, 5))
    assert.equal(systemOf(polled(state, statusOf(inSync(succeeded(3, 4))))).status.activeRun?.id, 'run-4')
  })

  test('that is unavailable shows its cause until the next status arrives', () => {
    const refused = { message: 'The Sync database does not answer', hint: null }
    const unanswered = (state: State) => reduce(state, { type: 'unanswered', refused })
    const open = live(inSync(succeeded(1, 10)))
    assert.equal(unanswered(open), open, 'the stream is the better witness')
    const asked = polled(lose(open), statusOf(inSync(succeeded(1, 10))))
    for (const state of [unanswered(initialState), unanswered(lose(open)), unanswered(asked)]) {
      assert.deepEqual([state.connection, state.refused], ['lost', refused])
      assert.equal(onStream(state, statusOf(inSync(succeeded(1, 10)))).refused, null)
      assert.equal(polled(state, statusOf(inSync(succeeded(1, 10)))).refused, null)
    }
  })

  test('keeps the progress of the run that is still active, and drops that of another', () => {
    const active = running(2, 20)
    const state = tick(hear(live(inSync(succeeded(1, 10))), active), progressOf(active))
    const same = onStream(state, statusOf({ ...inSync(succeeded(1, 10)), activeRun: active }))
    assert.deepEqual(systemOf(same).progress, progressOf(active))
    const other = onStream(state, statusOf({ ...inSync(succeeded(2, 21)), activeRun: running(3, 30) }))
    assert.equal(systemOf(other).progress, null)
  })

  test('gives the difference between the clocks', () => {
    const state = reduce(initialState, { type: 'status', status: statusOf(), at: noon - 90_000, from: 'stream' })
    assert.equal(state.clockOffset, 90_000)
  })
})

describe('a run', () => {
  test('becomes the active one when it is queued, and follows its phases', () => {
    const state = hear(live(inSync(succeeded(1, 10))), queued(2, 20))
    assert.deepEqual(systemOf(state).status.activeRun, queued(2, 20))
    const applying = running(2, 22, { phase: 'applying' })
    assert.deepEqual(systemOf(hear(state, running(2, 21), applying)).status.activeRun, applying)
  })

  test('that ends clears the active run and its progress', () => {
    const active = running(2, 20)
    for (const end of [succeeded(2, 21), failed(2, 21), cancelled(2, 21), interrupted(2, 21)]) {
      const before = tick(hear(live(inSync(succeeded(1, 10))), active), progressOf(active))
      assert.notEqual(systemOf(before).progress, null)
      const { status, progress } = systemOf(hear(before, end))
      assert.equal(status.activeRun, null, end.status)
      assert.equal(progress, null, end.status)
      assert.deepEqual(status.lastRun, end)
    }
  })

  test('that succeeds is the last success, and makes the meters fresh', () => {
    const stale = { ...inSync(succeeded(1, 10)), freshness: 'stale' } as const
    const { status } = systemOf(hear(live(stale), succeeded(2, 21)))
    assert.deepEqual(status.lastSuccess, succeeded(2, 21))
    assert.equal(status.freshness, 'fresh')
    assert.equal(status.lastFailure, null)
  })

  test('that fails or is interrupted never changes the last success', () => {
    for (const end of [failed(2, 21), interrupted(2, 21)]) {
      const { status } = systemOf(hear(live(inSync(succeeded(1, 10))), running(2, 20), end))
      assert.deepEqual(status.lastSuccess, succeeded(1, 10))
      assert.deepEqual(status.lastFailure, end)
      assert.equal(status.freshness, 'fresh')
    }
  })

  test('that was cancelled is neither a success nor a failure', () => {
    const { status } = systemOf(hear(live(inSync(succeeded(1, 10))), cancelled(2, 21)))
    assert.deepEqual(status.lastSuccess, succeeded(1, 10))
    assert.equal(status.lastFailure, null)
  })

  test('that is replayed or late has no effect', () => {
    const state = hear(live(inSync(succeeded(1, 10))), running(2, 20), succeeded(2, 23))
    const again = hear(state, succeeded(1, 10), queued(2, 19), running(2, 20), running(2, 22), succeeded(2, 23))
    assert.deepEqual(again, state)
  })

  test('in the answer to a trigger has no effect after the stream sent a later state', () => {
    const state = hear(live(inSync(succeeded(1, 10))), running(2, 21))
    assert.deepEqual(hear(state, queued(2, 20)), state)
    const ended = hear(state, succeeded(2, 22))
    assert.deepEqual(hear(ended, queued(2, 20)), ended)
  })

  test('that arrived while the stream was lost does not make the rest of the page current', () => {
    const lost = lose(live(clientSystem()))
    const state = reduce(lost, { type: 'run', run: queued(1, 5), at: null })
    assert.equal(state.heardAt, noon)
    assert.deepEqual(systemOf(state).status.activeRun, queued(1, 5))
    assert.equal(reduce(lost, { type: 'run', run: queued(1, 5), at: noon + 7 }).heardAt, noon + 7)
  })

  test('of another Client System changes that one alone', () => {
    const state = live(clientSystem({ id: 'a' }), clientSystem({ id: 'b' }))
    const after = hear(state, running(1, 5, { clientSystemId: 'b' }))
    assert.equal(systemOf(after, 'a'), systemOf(state, 'a'))
    assert.equal(systemOf(after, 'b').status.activeRun?.id, 'run-1')
  })

  test('of a Client System that the page does not know is dropped', () => {
    const state = live(clientSystem())
    assert.deepEqual(hear(state, running(1, 5, { clientSystemId: 'elsewhere' })), state)
  })
})

describe('progress', () => {
  test('belongs to the active run', () => {
    const active = running(2, 20)
    const state = hear(live(inSync(succeeded(1, 10))), active)
    assert.deepEqual(systemOf(tick(state, progressOf(active, 300))).progress, progressOf(active, 300))
  })

  test('of a run that is not active is dropped', () => {
    const idle = live(inSync(succeeded(1, 10)))
    assert.equal(systemOf(tick(idle, progressOf(succeeded(1, 10)))).progress, null)
    const active = running(2, 20)
    const state = tick(hear(idle, active), progressOf(active, 300))
    assert.deepEqual(systemOf(tick(state, progressOf(queued(1, 9), 7))).progress, progressOf(active, 300))
  })

  test('does not stay with the next run', () => {
    const first = running(2, 20)
    const state = tick(hear(live(inSync(succeeded(1, 10))), first), progressOf(first))
    assert.equal(systemOf(hear(state, queued(3, 30))).progress, null)
  })
})

test('a lost connection keeps the last known state', () => {
  const state = live(inSync(succeeded(1, 10)))
  const lost = lose(state)
  assert.deepEqual(lost, { ...state, connection: 'lost' })
  assert.equal(lose(lost), lost)
})

test('a history that could not be read keeps the runs that were read before', () => {
  const state = reduce(live(inSync(succeeded(1, 10))), { type: 'history failed', clientSystemId: 'main' })
  assert.equal(systemOf(state).history.state, 'failed')
  assert.deepEqual(idsOf(systemOf(state).history), ['run-1'])
})

/** A Client System's life: runs one after the other, each through its states, the last one perhaps not ended. */
const lives = fc
  .array(
    fc.record({
      phases: fc.integer({ min: 0, max: 3 }),
      end: fc.constantFrom(succeeded, failed, cancelled, interrupted),
      gap: fc.integer({ min: 1, max: 3 }),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .chain((plans) => fc.record({ plans: fc.constant(plans), unended: fc.boolean() }))
  .map(({ plans, unended }) => {
    let revision = 100
    return plans.flatMap(({ phases, end, gap }, index) => {
      const number = index + 2
      const next = () => {
        revision += gap
        return revision
      }
      const heard: Run[] = [queued(number, next())]
      for (let i = 0; i < phases; i++) heard.push(running(number, next()))
      if (!unended || index < plans.length - 1) heard.push(end(number, next()))
      return heard
    })
  })

test('the same runs in any order, with duplicates, give the same state as in order', () => {
  const start = live(inSync(succeeded(1, 10)))
  fc.assert(
    fc.property(
      lives.chain((runs) =>
        fc.record({
          runs: fc.constant(runs),
          doubles: fc.subarray(runs),
          order: fc.array(fc.nat(), { minLength: runs.length * 2, maxLength: runs.length * 2 }),
        }),
      ),
      ({ runs, doubles, order }) => {
        const shuffled = [...runs, ...doubles]
          .map((run, index) => ({ run, key: order[index] ?? 0 }))
          .toSorted((a, b) => a.key - b.key)
          .map(({ run }) => run)
        assert.deepEqual(hear(start, ...shuffled), hear(start, ...runs))
      },
    ),
  )
})

/** The status that the server would send after these runs. */
function statusAfter(runs: readonly Run[]): Status {
  const first = succeeded(1, 10)
  const last = runs.at(-1)
  const ended = [first, ...runs.filter((run) => run.finishedAt !== null)]
  const latest = (...statuses: Run['status'][]) => ended.findLast((run) => statuses.includes(run.status)) ?? null
  return statusOf(
    clientSystem({
      activeRun: last !== undefined && last.finishedAt === null ? last : null,
      lastRun: ended.at(-1) ?? null,
      lastSuccess: latest('succeeded'),
      lastFailure: latest('failed', 'interrupted'),
      freshness: 'fresh',
    }),
  )
}

test('a status that is read at any time and received later gives the same state as the last status', () => {
  const start = live(inSync(succeeded(1, 10)))
  fc.assert(
    fc.property(lives, fc.nat(), fc.nat(), fc.constantFrom(onStream, polled), (runs, read, late, receive) => {
      const readAt = read % (runs.length + 1)
      const sentAt = readAt + (late % (runs.length + 1 - readAt))
      const before = hear(start, ...runs.slice(0, sentAt))
      const after = hear(receive(before, statusAfter(runs.slice(0, readAt))), ...runs.slice(sentAt))
      assert.deepEqual(systemOf(after).status, systemOf(onStream(start, statusAfter(runs))).status)
      assert.deepEqual(systemOf(after).history, systemOf(hear(start, ...runs)).history)
    }),
  )
})

test('progress received at any time is never shown for a run that ended', () => {
  fc.assert(
    fc.property(lives, fc.array(fc.nat(), { maxLength: 20 }), (runs, ticks) => {
      const start: State = live(inSync(succeeded(1, 10)))
      runs.reduce((before, run, index) => {
        const state = ticks
          .map((n) => runs[n % runs.length])
          .filter((other) => other !== undefined)
          .reduce((s, other) => tick(s, progressOf(other, index)), hear(before, run))
        const { status, progress } = systemOf(state)
        assert.equal(progress?.runId, progress === null ? undefined : status.activeRun?.id)
        assert.ok(status.activeRun !== null || progress === null)
        return state
      }, start)
    }),
  )
})

test('runs that were queued at the same moment are in the order of the API, by id', () => {
  const twins = [succeeded(2, 21, { id: 'b', queuedAt: at(60) }), succeeded(3, 22, { id: 'a', queuedAt: at(60) })]
  const orders = [twins, twins.toReversed()].map((runs) => idsOf(systemOf(hear(live(clientSystem()), ...runs)).history))
  assert.deepEqual(orders, [
    ['b', 'a'],
    ['b', 'a'],
  ])
})

test('a requested status shows whether the stream has missed anything', () => {
  const state = live(inSync(succeeded(2, 20)))
  assert.equal(knowsMore(statusOf(inSync(succeeded(2, 20))), state), false)
  assert.equal(knowsMore(statusOf(inSync(succeeded(1, 10))), state), false, 'an answer from before')
  assert.equal(knowsMore(statusOf(inSync(succeeded(3, 30))), state), true)
  assert.equal(knowsMore(statusOf({ ...inSync(succeeded(2, 20)), activeRun: running(3, 25) }), state), true)
  assert.equal(
    knowsMore(statusOf({ ...inSync(succeeded(2, 20)), activeRun: running(3, 25) }), hear(state, running(3, 25))),
    false,
  )
})
