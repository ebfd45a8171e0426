import type { Session } from '../db/session.ts'
import { sqlBeside } from '../db/sql-file.ts'
import type { Counts } from '../wire/types.ts'
import type { Difference } from './compare.ts'
import type { Verdict } from './guard.ts'

const recordUpdates = sqlBeside(import.meta.url, 'sql/record-updates.sql')
const recordDeletions = sqlBeside(import.meta.url, 'sql/record-deletions.sql')
const recordRejectedRows = sqlBeside(import.meta.url, 'sql/record-rejected-rows.sql')
const insertMeters = sqlBeside(import.meta.url, 'sql/insert-meters.sql')
const updateMeters = sqlBeside(import.meta.url, 'sql/update-meters.sql')
const updateHashes = sqlBeside(import.meta.url, 'sql/update-hashes.sql')
const markDeleted = sqlBeside(import.meta.url, 'sql/mark-deleted.sql')

/**
 * Writes the difference to the local meters, with one statement for each kind of change. Only rows that differ are written.
 * Stores the changes before. `loaded` meters of a first load are stored already. Returns the counts of the rows that were
 * written.
 */
export async function apply(
  { client }: Session,
  run: { id: string; clientSystemId: string },
  { loaded, difference, verdict }: { loaded: number; difference: Difference; verdict: Verdict },
): Promise<Counts> {
  const withhold = verdict.deletions === 'withhold'
  const { read, restored, rejected, missing } = difference
  if (rejected > 0) await client.query(recordRejectedRows, [run.id])
  if (difference.updated > 0) await client.query(recordUpdates, [run.id])
  if (missing > 0) await client.query(recordDeletions, [run.id, withhold])
  const write = async (needed: boolean, statement: string, values: unknown[]) =>
    needed ? ((await client.query(statement, values)).rowCount ?? 0) : 0
  const inserted = await write(difference.inserted > 0, insertMeters, [run.clientSystemId, run.id])
  const updated = await write(difference.updated > 0, updateMeters, [run.id])
  await write(difference.rehashed > 0, updateHashes, [])
  const deleted = await write(missing > 0 && !withhold, markDeleted, [run.id])
  return {
    read,
    inserted: loaded + inserted,
    updated,
    unchanged: read - loaded - inserted - updated - rejected,
    rejected,
    restored,
    deleted,
    withheld: withhold ? missing : 0,
  }
}
