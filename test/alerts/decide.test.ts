import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AlertState, decideAlerts, initialAlertState } from '../../src/alerts/decide.ts'
import type { Run } from '../../src/wire/types.ts'
import { cancelled, counts, failed, interrupted, succeeded } from '../web/samples.ts'

test('R7.8: for any sequence of runs, each state is reported once until it changes, and a recovery follows its failure', () => {
  const ended = (revision: number, withheld: number, code: string | null): Run => {
    if (code === null) return succeeded(1, revision, { counts: counts({ withheld }) })
    return code === 'cancelled'
      ? cancelled(1, revision)
      : failed(1, revision, { error: { code, message: '', hint: null } })
  }
  const code = fc.constantFrom(null, null, 'source_lost', 'timeout', 'cancelled', 'shutting_down')
  const checks = fc.array(fc.tuple(fc.array(fc.tuple(fc.nat(2), code), { maxLength: 3 }), fc.boolean()))
  fc.assert(
    fc.property(checks, (sequence) => {
      let state: AlertState = initialAlertState
      let revision = 0
      const open = new Set<string>()
      let withheld = 0
      for (const [runs, stale] of sequence) {
        const before = state
        const endedRuns = runs.map(([deletions, error]) => ended(++revision, deletions, error))
        const decided = decideAlerts(state, endedRuns, stale)
        state = decided.state
        assert.deepEqual(decideAlerts(state, [], stale && state.stale).alerts, [], 'no alert is sent twice')
        for (const { type, run } of decided.alerts) {
          if (type === 'meter_sync.recovered') {
            assert.ok(open.size > 0)
            open.clear()
          } else if (type === 'meter_sync.withheld') {
            assert.ok((run?.counts?.withheld ?? 0) > 0)
          } else {
            assert.ok(!open.has(type))
            open.add(type)
          }
        }
        for (const run of endedRuns) withheld = run.counts?.withheld ?? withheld
        assert.deepEqual([state.failing, state.stale], [open.has('meter_sync.failed'), open.has('meter_sync.stale')])
        assert.equal(state.withheld, withheld)
        assert.equal(state.revision, Math.max(before.revision, ...endedRuns.map((run) => run.revision)))
      }
    }),
  )
})

test('a run that a shutdown interrupted is not reported as failed; one whose worker was lost is', () => {
  const alertsAfter = (code: string) => {
    const run = { ...interrupted(1, 5), error: { code, message: '', hint: null } }
    return decideAlerts(initialAlertState, [run], false).alerts.map(({ type }) => type)
  }
  assert.deepEqual(alertsAfter('shutting_down'), [])
  assert.deepEqual(alertsAfter('worker_lost'), ['meter_sync.failed'])
})

test('held-back deletions are reported when there are some, and again when their number or their digest changes', () => {
  let state = initialAlertState
  const alertsAfter = (withheld: number, withheldDigest: string | null) => {
    const run = succeeded(1, state.revision + 1, { counts: counts({ withheld }), withheldDigest })
    const decided = decideAlerts(state, [run], false)
    state = decided.state
    return decided.alerts.length
  }
  const sent = [
    alertsAfter(0, null),
    alertsAfter(3, 'a'),
    alertsAfter(3, 'a'),
    alertsAfter(3, 'b'),
    alertsAfter(4, 'c'),
    alertsAfter(0, null),
    alertsAfter(4, 'c'),
  ]
  assert.deepEqual(sent, [0, 1, 0, 1, 1, 0, 1])
})
