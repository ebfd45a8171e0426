import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Run, Status } from '../../../src/wire/types.ts'
import type { State } from '../../../web/src/data/state.ts'
import {
  cancelled,
  clientSystem,
  failed,
  inSync,
  interrupted,
  live,
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

/** The runs of a Client System, one after the other, each with its states; the last one may still be active. */
const histories = fc
  .array(
    fc.record({
      phases: fc.integer({ min: 0, max: 3 }),
      end: fc.constantFrom(succeeded, failed, cancelled, interrupted),
      gap: fc.integer({ min: 1, max: 3 }),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .chain((plans) => fc.record({ plans: fc.constant(plans), lastIsActive: fc.boolean() }))
  .map(({ plans, lastIsActive }) => {
    let revision = 100
    return plans.flatMap(({ phases, end, gap }, index) => {
      const number = index + 2
      const next = () => {
        revision += gap
        return revision
      }
      const states: Run[] = [queued(number, next())]
      for (let i = 0; i < phases; i++) states.push(running(number, next()))
      if (!lastIsActive || index < plans.length - 1) states.push(end(number, next()))
      return states
    })
  })

test('the same runs in any order, with duplicates, give the same state as in order', () => {
  const start = live(inSync(succeeded(1, 10)))
  fc.assert(
    fc.property(
      histories.chain((runs) =>
        fc.record({
          runs: fc.constant(runs),
          duplicates: fc.subarray(runs),
          order: fc.array(fc.nat(), { minLength: runs.length * 2, maxLength: runs.length * 2 }),
        }),
      ),
      ({ runs, duplicates, order }) => {
        const shuffled = [...runs, ...duplicates]
          .map((run, index) => ({ run, key: order[index] ?? 0 }))
          .toSorted((a, b) => a.key - b.key)
          .map(({ run }) => run)
        assert.deepEqual(receiveRuns(start, ...shuffled), receiveRuns(start, ...runs))
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
    fc.property(
      histories,
      fc.nat(),
      fc.nat(),
      fc.constantFrom(receiveStatus, pollStatus),
      (runs, read, late, receive) => {
        const readAt = read % (runs.length + 1)
        const sentAt = readAt + (late % (runs.length + 1 - readAt))
        const before = receiveRuns(start, ...runs.slice(0, sentAt))
        const after = receiveRuns(receive(before, statusAfter(runs.slice(0, readAt))), ...runs.slice(sentAt))
        assert.deepEqual(systemOf(after).status, systemOf(receiveStatus(start, statusAfter(runs))).status)
        assert.deepEqual(systemOf(after).history, systemOf(receiveRuns(start, ...runs)).history)
      },
    ),
  )
})

test('progress received at any time is never shown for a run that ended', () => {
  fc.assert(
    fc.property(histories, fc.array(fc.nat(), { maxLength: 20 }), (runs, ticks) => {
      const start: State = live(inSync(succeeded(1, 10)))
      runs.reduce((before, run, index) => {
        const state = ticks
          .map((n) => runs[n % runs.length])
          .filter((other) => other !== undefined)
          .reduce((s, other) => receiveProgress(s, progressOf(other, index)), receiveRuns(before, run))
        const { status, progress } = systemOf(state)
        assert.equal(progress?.runId, progress === null ? undefined : status.activeRun?.id)
        assert.ok(status.activeRun !== null || progress === null)
        return state
      }, start)
    }),
  )
})
