import { failedStatuses } from '../wire/lists.ts'
import type { ClientSystemStatus, Collection, CollectionGroup, Run } from '../wire/types.ts'

/**
 * The event of an alert: a sync failed, deletions were held back, the meters became stale, the sync recovered, too many
 * meters are silent, or a person tests the channel.
 */
type AlertType =
  | 'meter_sync.failed'
  | 'meter_sync.withheld'
  | 'meter_sync.stale'
  | 'meter_sync.recovered'
  | 'meter_sync.collection'
  | 'meter_sync.test'

/** The payload of an alert, in the structure of Standard Webhooks. It has no secrets. */
export type AlertPayload = {
  type: AlertType
  /** When the event happened. A receiver can detect late deliveries by it. */
  timestamp: string
  data: {
    clientSystemId: string
    name: string
    /** The run that caused the alert; null when the meters became stale. */
    run: Run | null
    lastSuccessAt: string | null
    freshness: ClientSystemStatus['freshness']
    meters: ClientSystemStatus['meters']
    /** Only an alert of type `meter_sync.collection` has it. */
    collection?: SilentMeters
  }
}

/** How many meters are silent, whether that is too many, and the locations and kinds that have the most of them. */
export type SilentMeters = {
  tooMany: boolean
  limitPercent: number
  meters: Collection['meters']
  groups: Pick<CollectionGroup, 'location' | 'kind' | 'silent' | 'silentSince'>[]
}

/** The state of a Client System that was last reported. `revision` is that of the last run that was considered. */
export type AlertState = {
  failing: boolean
  stale: boolean
  withheld: number
  /** The digest of the held-back deletions; null where there are none, or an earlier version reported them. */
  withheldDigest: string | null
  silent: number
  revision: number
}

export const initialAlertState: AlertState = {
  failing: false,
  stale: false,
  withheld: 0,
  withheldDigest: null,
  silent: 0,
  revision: -1,
}

export type Alert = { type: AlertType; run: Run | null; collection?: SilentMeters }

/** Error codes of runs that a person or a shutdown ended. They are not failures; if no run succeeds, `stale` reports it. */
const deliberate = new Set(['cancelled', 'shutting_down'])

/**
 * Returns the alerts that are due after these runs ended, and the new state. `runs` are in the order of their revisions.
 * Each state is reported once until it changes: a failure once until a run succeeds, whatever its later codes are, and
 * held-back deletions again when they are others.
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
      if (withheld > 0 && isOtherThan(next, withheld, run.withheldDigest))
        alerts.push({ type: 'meter_sync.withheld', run })
      next.withheld = withheld
      next.withheldDigest = run.withheldDigest
    }
  }
  if (stale && !next.stale) {
    alerts.push({ type: 'meter_sync.stale', run: null })
    next.stale = true
  }
  return { state: next, alerts }
}

/** Returns true when the held-back deletions are not those that were reported. A null digest of an earlier version fits any. */
function isOtherThan(reported: AlertState, withheld: number, digest: string | null): boolean {
  if (withheld !== reported.withheld) return true
  return reported.withheldDigest !== null && digest !== reported.withheldDigest
}

/**
 * Returns how many silent meters are reported from now on, 0 where they are not too many, and whether that is due: once when
 * they are too many, again when they are twice as many as were reported, and once when they are no longer too many.
 */
export function decideSilent(
  reported: number,
  { reporting, late, silent, never }: Collection['meters'],
  limitPercent: number,
): { silent: number; changed: boolean } {
  const tooMany = silent * 100 > (reporting + late + silent + never) * limitPercent
  if (!tooMany) return { silent: 0, changed: reported > 0 }
  return reported === 0 || silent >= 2 * reported ? { silent, changed: true } : { silent: reported, changed: false }
}
