import type { DeleteGuard } from '../config.ts'

/** What the comparison found, as far as deletions are concerned. */
export type Found = {
  /** Rows that the source answered, usable or not. */
  read: number
  /** Meters that the source no longer has. */
  missing: number
  /** Rejected rows without an external id: nobody can say whose they are. */
  nameless: number
  /** Meters that were active before the run. */
  activeBefore: number
}

export type Verdict = { deletions: 'apply' } | { deletions: 'withhold'; reason: string }

/**
 * Withholds all deletions of a run when they look like an accident, never insertions and updates
 * (FAULTS.md 7, 8 and 9): a source without any row, a row that cannot be told apart, or more deletions than the
 * minimum and than either the percentage of the active meters or the maximum. An approval is a ceiling that takes the
 * place of all that: it lets them through when there are at most so many, otherwise none.
 */
export function guard(
  { read, missing, nameless, activeBefore }: Found,
  { minimum, percent, maximum }: DeleteGuard,
  approved: number | null = null,
): Verdict {
  if (missing === 0) return { deletions: 'apply' }
  if (approved !== null) {
    if (missing <= approved) return { deletions: 'apply' }
    return { deletions: 'withhold', reason: `${approved} deletions were approved, ${missing} meters are missing` }
  }
  if (read === 0) return { deletions: 'withhold', reason: 'the source returned no meter at all' }
  if (nameless > 0) return { deletions: 'withhold', reason: `${nameless} source rows have no external id` }
  if (missing > minimum && missing > maximum) {
    return { deletions: 'withhold', reason: `more than ${maximum} meters are missing (DELETE_GUARD_MAXIMUM)` }
  }
  if (missing > minimum && missing * 100 > activeBefore * percent) {
    return { deletions: 'withhold', reason: `more than ${percent} % of the meters are missing (DELETE_GUARD_PERCENT)` }
  }
  return { deletions: 'apply' }
}
