import type { Run } from '../../../src/wire/types.ts'
import type { RunQuery } from '../data/run-query.ts'
import type { RunFilter } from '../routing/route.ts'
import { midnight } from '../ui/days.ts'
import type { Zone } from '../ui/format.ts'

export function isFiltered({ outcome, trigger, day }: RunFilter): boolean {
  return outcome !== null || trigger !== null || day !== null
}

/** Returns the query of a filter. A day begins and ends in the time zone of the page. */
export function queryOf({ outcome, trigger, day }: RunFilter, zone: Zone): RunQuery {
  const edge = (after: number) => (day === null ? null : new Date(midnight(day, after, zone)).toISOString())
  return { status: outcome, trigger, from: edge(0), to: edge(1) }
}

/** Returns whether the agent would list a run for a query. */
export function matches(run: Run, { status, trigger, from, to }: RunQuery): boolean {
  return (
    (status === null || run.status === status) &&
    (trigger === null || run.trigger === trigger) &&
    (from === null || run.queuedAt >= from) &&
    (to === null || run.queuedAt < to)
  )
}

/**
 * Returns the runs of a query that were read, in their latest state, and newer ones before them. So the list is not read
 * again, and no row moves but by newer ones.
 */
export function upToDate(read: readonly Run[], latest: readonly Run[], query: RunQuery): readonly Run[] {
  const latestById = new Map(latest.map((run) => [run.id, run]))
  const known = new Set(read.map(({ id }) => id))
  const newest = read[0]?.queuedAt ?? ''
  const newer = latest.filter((run) => !known.has(run.id) && run.queuedAt > newest)
  return [...newer, ...read.map((run) => latestById.get(run.id) ?? run)].filter((run) => matches(run, query))
}
