import type { ClientSystemStatus } from '../../src/events.ts'
import { isFailure } from './state.ts'

/** What a glance must tell about a Client System. One at a time; the details stand below it. */
export type Condition =
  | 'running'
  | 'queued'
  | 'waiting'
  | 'failed'
  | 'held-back'
  | 'rejected'
  | 'stale'
  | 'never'
  | 'in-step'

/** A run queued for longer than this is waiting for a worker that may not come. */
export const patienceMs = 30_000

/** What is happening comes before what went wrong, and that before what is old. `now` is the server's time. */
export function conditionOf(status: ClientSystemStatus, now: number): Condition {
  const run = status.activeRun
  if (run?.status === 'running') return 'running'
  if (run !== null) return now - Date.parse(run.queuedAt) > patienceMs ? 'waiting' : 'queued'
  return settledCondition(status)
}

/** The condition apart from a run that is under way: a tab's icon should not forget a failure while it is retried. */
export function settledCondition(status: ClientSystemStatus): Condition {
  if (status.lastRun !== null && isFailure(status.lastRun)) return 'failed'
  if (status.lastSuccess === null || status.freshness === 'never') return 'never'
  if (status.freshness === 'stale') return 'stale'
  if ((status.lastSuccess.counts?.withheld ?? 0) > 0) return 'held-back'
  if ((status.lastSuccess.counts?.rejected ?? 0) > 0) return 'rejected'
  return 'in-step'
}
