import { failedStatuses } from '../wire/lists.ts'
import type { ClientSystemStatus, Run } from '../wire/types.ts'

/** What an alert is about: the sync of a Client System failed, held deletions back, is overdue, or works again. */
type AlertType = 'meter_sync.failed' | 'meter_sync.withheld' | 'meter_sync.stale' | 'meter_sync.recovered'

/** What is sent, by the payload structure of Standard Webhooks. Holds no secret. */
export type AlertPayload = {
  type: AlertType
  /** When it happened; what arrives late is told from what is new by it. */
  timestamp: string
  data: {
    clientSystemId: string
    name: string
    /** The run that it is about; null when it is about none: the meters became stale. */
    run: Run | null
    lastSuccessAt: string | null
    freshness: ClientSystemStatus['freshness']
    meters: ClientSystemStatus['meters']
  }
}

/** What was told of a Client System so far. `revision`: of the last run that was looked at. */
export type AlertState = { failing: boolean; stale: boolean; withheld: number; revision: number }

export const initialAlertState: AlertState = { failing: false, stale: false, withheld: 0, revision: -1 }

export type Alert = { type: AlertType; run: Run | null }

/** A run that somebody ended on purpose says nothing of the meters' health; that they grow stale does. */
const deliberate = new Set(['cancelled', 'shutting_down'])

/**
 * What has to be told of runs that ended, in the order of their revisions: each state once, until it changes. A failure
 * is told once until a run succeeds, whatever its code becomes; withheld deletions again when their number changes.
 */
export function decideAlerts(
  state: AlertState,
  runs: readonly Run[],
  stale: boolean,
): { state: AlertState; alerts: Alert[] } {
  const alerts: Alert[] = []
  const next = { ...state }
  for (const run of runs) {
    next.revision = run.revision
    if (failedStatuses.includes(run.status)) {
      if (next.failing || deliberate.has(run.error?.code ?? '')) continue
      alerts.push({ type: 'meter_sync.failed', run })
      next.failing = true
    } else if (run.status === 'succeeded') {
      if (next.failing || next.stale) alerts.push({ type: 'meter_sync.recovered', run })
      next.failing = false
      next.stale = false
      const withheld = run.counts?.withheld ?? 0
      if (withheld > 0 && withheld !== next.withheld) alerts.push({ type: 'meter_sync.withheld', run })
      next.withheld = withheld
    }
  }
  if (stale && !next.stale) {
    alerts.push({ type: 'meter_sync.stale', run: null })
    next.stale = true
  }
  return { state: next, alerts }
}
