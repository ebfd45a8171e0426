import type { Queryable } from '../db/connect.ts'
import { type StoredRejectedBecause, toRejectedBecause } from '../db/reasons.ts'
import type { Session } from '../db/session.ts'
import { sqlBeside } from '../db/sql-file.ts'
import type { RejectedBecause } from '../wire/types.ts'

const findDuplicates = sqlBeside(import.meta.url, 'sql/find-duplicates.sql')
const writeChanges = sqlBeside(import.meta.url, 'sql/write-changes.sql')
const countChanges = sqlBeside(import.meta.url, 'sql/count-changes.sql')
const findMostFrequentReason = sqlBeside(import.meta.url, 'sql/find-most-frequent-reason.sql')

/** How many meters differ between both sides, by the kind of change that would make them equal. */
export type Difference = {
  /** The rows of the source, usable or not. */
  read: number
  inserted: number
  /** Includes the restored ones. */
  updated: number
  /** Meters that had been deleted and are at the source again. */
  restored: number
  /** Present meters that are no longer at the source. */
  missing: number
  /** The digest of the ids of the missing meters, in their order; null when none is missing. */
  missingDigest: string | null
  /** Meters whose values are equal and whose stored hashes are not those of the source. They do not count as updated. */
  rehashed: number
  rejected: number
  /** What only the guard uses (guard.ts). */
  missingId: number
  activeBefore: number
  deletedLately: number
}

/** Writes the differences between staging and the local meters to the temporary table `change`, and counts them. */
export async function compare(
  { client }: Session,
  { clientSystemId, read }: { clientSystemId: string; read: number },
): Promise<Difference> {
  await judge(client)
  const { rows } = await client.query<Omit<Difference, 'read'>>(countChanges, [clientSystemId])
  const [counted] = rows
  if (!counted) throw new Error('counting the changes returned no row')
  return { read, ...counted }
}

/** Writes the differences between staging and the view `ours` to `change`. */
export async function judge(client: Queryable): Promise<void> {
  await client.query(findDuplicates)
  // The table is usually empty. The planner then knows that the join with it is small.
  await client.query('analyze duplicate')
  await client.query(writeChanges)
  await client.query('analyze change')
}

/** Returns the most frequent reason of the rejected rows, with an example; null when no row was rejected. */
export async function explainRejected(
  { client }: Session,
  { rejected }: Pick<Difference, 'rejected'>,
): Promise<RejectedBecause | null> {
  if (rejected === 0) return null
  const { rows } = await client.query<StoredRejectedBecause>(findMostFrequentReason)
  return rows[0] ? toRejectedBecause(rows[0]) : null
}
