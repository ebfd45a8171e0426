import type { DeleteGuard } from '../config/environment.ts'
import type { Withheld } from '../wire/types.ts'

/** The numbers of the comparison that the decision about deletions depends on. */
export type Found = {
  /** Rows that the source returned, usable or not. */
  read: number
  /** Of those, the rows that cannot be used. */
  rejected: number
  /** Meters that the source no longer has. */
  missing: number
  /** Rejected rows without an external id: each may be any of the missing meters. */
  missingId: number
  /** Meters that were active before the run. */
  activeBefore: number
  /** Meters that runs deleted in the last 24 hours without an approval, and that are still deleted. */
  deletedLately: number
}

/** How many deletions a person has approved; `outdated` when other meters are missing now than were approved. */
export type Approved = number | 'outdated'

/** Returns the approval for the meters that are missing now. An approval with a digest is only for the meters of that digest. */
export function approvedOf(
  { approveDeletes, approveDigest }: { approveDeletes: number | null; approveDigest: string | null },
  missingDigest: string | null,
): Approved | null {
  if (approveDeletes === null) return null
  return approveDigest === null || approveDigest === missingDigest ? approveDeletes : 'outdated'
}

/** The decision about deletions, with the reason to withhold them and a hint for the person who can approve them. */
export type Verdict = { deletions: 'apply' } | { deletions: 'withhold'; reason: Withheld; hint: string }

/**
 * Withholds all deletions of a run when they look like an accident, never insertions and updates (F7, F8, F9):
 *
 * 1. A rejected row has no external id. It may be one of the missing meters, and no person can know which.
 * 2. A person has approved deletions, but of other meters or of fewer. An approval that covers them replaces rules 3 and 4.
 * 3. The source has no usable row.
 * 4. With those of the last 24 hours, the deletions are more than the minimum, and more than either the maximum or the
 *    percentage of the meters that were active before them. A source that loses ten meters an hour is an accident too.
 */
export function guard(
  { read, rejected, missing, missingId, activeBefore, deletedLately }: Found,
  { minimum, percent, maximum }: DeleteGuard,
  approved: Approved | null = null,
): Verdict {
  const withhold = (reason: Withheld, hint: string): Verdict => ({ deletions: 'withhold', reason, hint })
  const approve = `approve them on the page or with sync --approve-deletes ${missing}`

  if (missing === 0) return { deletions: 'apply' }
  if (missingId > 0) {
    return withhold({ code: 'rows_without_id', rows: missingId }, 'Give the rejected rows their external ids')
  }
  if (approved === 'outdated') {
    const hint = `Look at the meters again; if the deletions are intended, ${approve}`
    return withhold({ code: 'other_meters_approved' }, hint)
  }
  if (approved !== null) {
    if (missing <= approved) return { deletions: 'apply' }
    return withhold({ code: 'more_than_approved', approved, missing }, `If the deletions are intended, ${approve}`)
  }
  if (read === 0) {
    return withhold(
      { code: 'no_rows' },
      `Check CLIENT_SYSTEM_QUERY; if the Client System really has no meters, ${approve}`,
    )
  }
  if (read === rejected) {
    const hint = `Correct the rejected rows; if the missing meters are really gone, ${approve}`
    return withhold({ code: 'no_usable_rows' }, hint)
  }
  const deletions = missing + deletedLately
  const lately = deletedLately > 0
  const raise = (name: string) => `If the deletions are intended, ${approve}; ${name} sets the limit`
  if (deletions > minimum && deletions > maximum) {
    return withhold({ code: 'over_maximum', limit: maximum, lately }, raise('DELETE_GUARD_MAXIMUM'))
  }
  if (deletions > minimum && deletions * 100 > (activeBefore + deletedLately) * percent) {
    return withhold({ code: 'over_percent', limit: percent, lately }, raise('DELETE_GUARD_PERCENT'))
  }
  return { deletions: 'apply' }
}
