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

/** `reason` and `hint` are for whoever has to decide. */
export type Verdict = { deletions: 'apply' } | { deletions: 'withhold'; reason: string; hint: string }

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
  const withhold = (reason: string, hint: string): Verdict => ({ deletions: 'withhold', reason, hint })
  const approve = `approve them on the page or with sync --approve-deletes ${missing}`

  if (missing === 0) return { deletions: 'apply' }
  if (approved !== null) {
    if (missing <= approved) return { deletions: 'apply' }
    const allowed = approved === 1 ? '1 deletion was approved' : `${approved} deletions were approved`
    const gone = missing === 1 ? '1 meter is missing' : `${missing} meters are missing`
    return withhold(`${allowed}, ${gone}`, `If they are meant, ${approve}`)
  }
  if (read === 0) {
    return withhold('the Client System returned no meter at all', `Look at its query; if it has none, ${approve}`)
  }
  if (nameless > 0) {
    const rows = nameless === 1 ? '1 row of the Client System has' : `${nameless} rows of the Client System have`
    return withhold(`${rows} no external id and may be a missing meter`, 'Give the rejected rows their external ids')
  }
  const raise = (name: string) => `If they are meant, ${approve}; ${name} sets the limit`
  if (missing > minimum && missing > maximum) {
    const name = 'DELETE_GUARD_MAXIMUM'
    return withhold(`more than ${maximum} meters are missing (${name})`, raise(name))
  }
  if (missing > minimum && missing * 100 > activeBefore * percent) {
    const name = 'DELETE_GUARD_PERCENT'
    return withhold(`more than ${percent} % of the meters are missing (${name})`, raise(name))
  }
  return { deletions: 'apply' }
}
