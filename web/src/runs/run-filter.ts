import type { Run, Trigger } from '../../../src/wire/types.ts'
import type { RunFilter } from '../routing/route.ts'
import { formatCount, plural } from '../ui/format.ts'

export function isFiltered({ outcome, trigger }: RunFilter): boolean {
  return outcome !== null || trigger !== null
}

/**
 * What was read of the runs with an outcome, with what is known since: runs as they are now, and newer ones on top. So
 * nothing of the list moves from under a reader, and nothing is read again.
 */
export function upToDate(read: readonly Run[], latest: readonly Run[], outcome: RunFilter['outcome']): readonly Run[] {
  const now = new Map(latest.map((run) => [run.id, run]))
  const known = new Set(read.map(({ id }) => id))
  const newest = read[0]?.queuedAt ?? ''
  const newer = latest.filter((run) => !known.has(run.id) && run.queuedAt > newest)
  return [...newer, ...read.map((run) => now.get(run.id) ?? run)].filter(
    ({ status }) => outcome === null || status === outcome,
  )
}

/** The runs of one trigger. Outcomes are filtered by the agent, triggers only among what was read. */
export function byTrigger(runs: readonly Run[], trigger: Trigger | null): readonly Run[] {
  return trigger === null ? runs : runs.filter((run) => run.trigger === trigger)
}

/**
 * How far a filter by trigger has looked: it must not seem to know runs that were never read. `kind` is what one of
 * those that were read is called, such as "cancelled run".
 */
export function reachOf(shown: number, read: number, hasMore: boolean, kind = 'run'): string {
  if (!hasMore) return `${formatCount(shown)} of ${plural(read, kind)}.`
  return `${formatCount(shown)} of the ${formatCount(read)} newest ${kind}s; older ones have not been looked at yet.`
}
