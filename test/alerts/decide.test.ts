import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AlertState, decideAlerts, initialAlertState } from '../../src/alerts/decide.ts'
import type { Run } from '../../src/wire/types.ts'

test('for any sequence of runs, each state is reported once until it changes, and a recovery follows its failure', () => {
  const counts = { read: 0, inserted: 0, updated: 0, unchanged: 0, rejected: 0, restored: 0, deleted: 0 }
  const about = {
    clientSystemId: 'main',
    trigger: 'schedule',
    requestedBy: null,
    approveDeletes: null,
    approveDigest: null,
  } as const
  const times = { queuedAt: '', startedAt: null, finishedAt: '' }
  const what = {
    phase: null,
    readMode: null,
    readReason: null,
    withheldBecause: null,
    withheldDigest: null,
    rejectedBecause: null,
    proof: null,
    bytesRead: null,
    timings: null,
  }
  const ended = (revision: number, withheld: number, code: string | null): Run => ({
    ...{ id: String(revision), ...about, ...times, ...what, revision },
    status: code === null ? 'succeeded' : code === 'cancelled' ? 'cancelled' : 'failed',
    counts: code === null ? { ...counts, withheld } : null,
    error: code === null ? null : { code, message: '', hint: null },
  })
  const code = fc.constantFrom(null, null, 'source_lost', 'timeout', 'cancelled', 'shutting_down')
  const looks = fc.array(fc.tuple(fc.array(fc.tuple(fc.nat(2), code), { maxLength: 3 }), fc.boolean()))
  fc.assert(
    fc.property(looks, (sequence) => {
      let state: AlertState = initialAlertState
      let revision = 0
      const open = new Set<string>()
      let withheld = 0
      for (const [runs, stale] of sequence) {
        const before = state
        const news = runs.map(([deletions, error]) => ended(++revision, deletions, error))
        const decided = decideAlerts(state, news, stale)
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
        for (const run of news) withheld = run.counts?.withheld ?? withheld
        assert.deepEqual([state.failing, state.stale], [open.has('meter_sync.failed'), open.has('meter_sync.stale')])
        assert.equal(state.withheld, withheld)
        assert.equal(state.revision, Math.max(before.revision, ...news.map((run) => run.revision)))
      }
    }),
  )
})
