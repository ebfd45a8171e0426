import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, test } from 'node:test'
import { type Condition, conditionOf, settledCondition } from '../../../src/wire/condition.ts'
import type { ClientSystemStatus } from '../../../src/wire/types.ts'
import { tabOf } from '../../../web/src/app/tab.ts'
import { initialState, reduce } from '../../../web/src/data/state.ts'
import {
  cancelled,
  clientSystem,
  counts,
  failed,
  inSync,
  interrupted,
  live,
  noon,
  queued,
  running,
  succeeded,
} from '../samples.ts'

const success = succeeded(1, 10)
const heldBack = succeeded(1, 10, { counts: counts({ withheld: 12 }) })
const kept = {
  ...inSync({ ...heldBack, withheldDigest: 'those' }),
  keptDeletions: { digest: 'those', note: 'Replaced this week', by: 'anna', since: heldBack.queuedAt },
}
const afterFailure: ClientSystemStatus = { ...inSync(success), lastRun: failed(2, 20), lastFailure: failed(2, 20) }

/** Each by the name that tells it, with what the page must make of it at a time when nothing is queued. */
const settled: [name: string, status: ClientSystemStatus, condition: Condition][] = [
  ['never synced', clientSystem(), 'never'],
  ['never synced, for the only run was cancelled', clientSystem({ lastRun: cancelled(1, 10) }), 'never'],
  ['fresh', inSync(success), 'in-sync'],
  ['fresh, the latest run cancelled', { ...inSync(success), lastRun: cancelled(2, 20) }, 'in-sync'],
  ['fresh again after a failure', { ...inSync(succeeded(3, 30)), lastFailure: failed(2, 20) }, 'in-sync'],
  ['stale', { ...inSync(success), freshness: 'stale' }, 'stale'],
  ['failed, though a success is fresh', afterFailure, 'failed'],
  [
    'failed, and nothing ever succeeded',
    clientSystem({ lastRun: failed(1, 10), lastFailure: failed(1, 10) }),
    'failed',
  ],
  ['failed, then cancelled', { ...afterFailure, lastRun: cancelled(3, 30) }, 'failed'],
  [
    'succeeded after the failure, then cancelled',
    { ...inSync(succeeded(3, 30)), lastFailure: failed(2, 20), lastRun: cancelled(4, 40) },
    'in-sync',
  ],
  ['interrupted', { ...inSync(success), lastRun: interrupted(2, 20) }, 'failed'],
  ['deletions held back', inSync(heldBack), 'held-back'],
  ['deletions kept for now', kept, 'kept'],
  [
    'other deletions held back than those that are kept',
    { ...kept, lastSuccess: { ...heldBack, withheldDigest: 'others' } },
    'held-back',
  ],
  ['rows rejected', inSync(succeeded(1, 10, { counts: counts({ rejected: 2 }) })), 'rejected'],
  [
    'rows rejected and deletions held back',
    inSync(succeeded(1, 10, { counts: counts({ rejected: 2, withheld: 12 }) })),
    'held-back',
  ],
  ['deletions held back, and stale', { ...inSync(heldBack), freshness: 'stale' }, 'stale'],
  ['deletions held back, then failed', { ...inSync(heldBack), lastRun: failed(2, 20) }, 'failed'],
]

describe('the condition of a Client System', () => {
  for (const [name, status, condition] of settled) {
    test(`${name}: ${condition}`, () => {
      assert.equal(conditionOf(status, noon), condition)
      assert.equal(settledCondition(status), condition)
    })
  }

  test('is that of the run under way, whatever happened before', () => {
    for (const [name, status] of settled) {
      assert.equal(conditionOf({ ...status, activeRun: running(5, 50) }, noon), 'running', name)
      assert.equal(
        conditionOf({ ...status, activeRun: queued(5, 50) }, Date.parse(queued(5, 50).queuedAt)),
        'queued',
        name,
      )
    }
  })

  test('is waiting for a worker once a run was queued for over 30 s', () => {
    const run = queued(5, 50)
    const status = { ...inSync(success), activeRun: run }
    const since = Date.parse(run.queuedAt)
    assert.equal(conditionOf(status, since + 30_000), 'queued')
    assert.equal(conditionOf(status, since + 30_001), 'waiting')
    assert.equal(conditionOf({ ...status, activeRun: running(5, 51) }, since + 90_000), 'running')
  })

  test('is "no worker" as soon as no worker is reported', () => {
    const run = queued(5, 50)
    const status = { ...inSync(success), activeRun: run }
    const since = Date.parse(run.queuedAt)
    assert.equal(conditionOf({ ...status, workers: 0 }, since), 'no-worker')
    assert.equal(conditionOf({ ...status, workers: null }, since), 'queued')
    assert.equal(conditionOf({ ...status, workers: 0, activeRun: running(5, 51) }, since), 'running')
    assert.equal(conditionOf({ ...inSync(success), workers: 0 }, since), 'in-sync')
  })

  test('leaves the run under way out where it is the settled one', () => {
    assert.equal(settledCondition({ ...afterFailure, activeRun: running(3, 30) }), 'failed')
  })
})

describe('the title and icon of the tab', () => {
  const tab = (...systems: ClientSystemStatus[]) => {
    const shown = tabOf(live(...systems))
    assert.ok(existsSync(new URL(`../../../web/public/icons/${shown.icon}.svg`, import.meta.url)), shown.icon)
    return shown
  }

  test('show the condition, and none before the first status', () => {
    assert.deepEqual(tabOf(initialState), { title: 'Sync Status · Meter Sync Agent', icon: 'unknown' })
    assert.deepEqual(tab(clientSystem()), { title: 'Not synced yet · Meter Sync Agent', icon: 'unknown' })
    assert.deepEqual(tab(inSync(success)), { title: 'In sync · Meter Sync Agent', icon: 'in-sync' })
    assert.deepEqual(tab(afterFailure), { title: '✕ Sync failed · Meter Sync Agent', icon: 'failed' })
    assert.equal(tab({ ...inSync(success), freshness: 'stale' }).icon, 'attention')
    assert.equal(tab(inSync(heldBack)).icon, 'attention')
    assert.equal(tab({ ...inSync(success), activeRun: running(2, 20) }).icon, 'running')
  })

  test('show the worst condition of several Client Systems', () => {
    const [good, bad] = [clientSystem({ ...inSync(success), id: 'good' }), clientSystem({ ...afterFailure, id: 'bad' })]
    assert.equal(tab(good, bad).icon, 'failed')
    assert.equal(tab(bad, good).icon, 'failed')
    assert.equal(tab(good, { ...good, id: 'late', freshness: 'stale' }).icon, 'attention')
  })

  test('keep a failure while it is tried again', () => {
    assert.equal(tab({ ...afterFailure, activeRun: running(3, 30) }).icon, 'failed')
  })

  test('do not show "in sync" while the page is not live, and still show a failure', () => {
    const lost = (status: ClientSystemStatus) => tabOf(reduce(live(status), { type: 'lost' }))
    assert.deepEqual(lost(inSync(success)), { title: 'Connection lost · Meter Sync Agent', icon: 'unknown' })
    assert.equal(lost({ ...inSync(success), activeRun: running(2, 20) }).icon, 'unknown')
    assert.equal(lost(afterFailure).icon, 'failed')
  })
})
