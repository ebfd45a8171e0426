import { type Session, sqlBeside } from '../db/connect.ts'
import type { RejectedBecause } from '../wire/types.ts'

const writeChanges = sqlBeside(import.meta.url, 'sql/compare.sql')
const countChanges = sqlBeside(import.meta.url, 'sql/count.sql')
const findCommonestReason = sqlBeside(import.meta.url, 'sql/commonest-reason.sql')

/** How many meters differ, and how. */
export type Difference = {
  read: number
  inserted: number
  updated: number
  restored: number
  missing: number
  /** Of the ids of the missing meters, in their order; null where none is missing. */
  missingDigest: string | null
  /** Meters that are as the source has them and need another hash of it: no change that anybody counts. */
  rehashed: number
  rejected: number
  missingId: number
  activeBefore: number
  deletedLately: number
}

/** Writes the differences between staging and the local meters to the temporary table `change`, and counts them. */
export async function compare({ client }: Session, clientSystemId: string, read: number): Promise<Difference> {
  await client.query(writeChanges)
  await client.query('analyze change')
  const { rows } = await client.query<Omit<Difference, 'read'>>(countChanges, [clientSystemId])
  const counted = rows[0]
  if (!counted) throw new Error('counting the changes returned no row')
  return { read, ...counted }
}

/** The commonest reason for which rows were rejected, with an example; null when none was. */
export async function explainRejected(
  { client }: Session,
  { rejected }: Pick<Difference, 'rejected'>,
): Promise<RejectedBecause | null> {
  if (rejected === 0) return null
  const { rows } = await client.query<RejectedBecause>(findCommonestReason)
  return rows[0] ?? null
}
