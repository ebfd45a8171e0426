import { type Session, sqlBeside } from '../db/connect.ts'
import type { Counts } from '../wire/types.ts'
import type { Difference } from './compare.ts'
import type { Verdict } from './guard.ts'

const keepDifferences = sqlBeside(import.meta.url, 'sql/difference.sql')
const keepDeletions = sqlBeside(import.meta.url, 'sql/audit.sql')
const keepRejected = sqlBeside(import.meta.url, 'sql/reject.sql')
const insertMeters = sqlBeside(import.meta.url, 'sql/insert.sql')
const loadMeters = sqlBeside(import.meta.url, 'sql/load.sql')
const updateMeters = sqlBeside(import.meta.url, 'sql/update.sql')
const keepHashes = sqlBeside(import.meta.url, 'sql/rehash.sql')
const markDeleted = sqlBeside(import.meta.url, 'sql/delete.sql')

/**
 * Writes the difference to the local meters, with one statement for each kind of change. Only rows that differ are written.
 * Stores the changes before. Returns the counts of the rows that were written.
 */
export async function apply(
  { client }: Session,
  run: { id: string; clientSystemId: string },
  { difference, verdict, firstLoad }: { difference: Difference; verdict: Verdict; firstLoad: boolean },
): Promise<Counts> {
  const withhold = verdict.deletions === 'withhold'
  const { read, restored, rejected, missing } = difference
  if (rejected > 0) await client.query(keepRejected, [run.id])
  if (difference.updated > 0) await client.query(keepDifferences, [run.id])
  if (missing > 0) await client.query(keepDeletions, [run.id, withhold])
  const write = async (needed: boolean, statement: string, values: unknown[]) =>
    needed ? ((await client.query(statement, values)).rowCount ?? 0) : 0
  const inserted = await write(difference.inserted > 0, firstLoad ? loadMeters : insertMeters, [
    run.clientSystemId,
    run.id,
  ])
  const updated = await write(difference.updated > 0, updateMeters, [run.id])
  await write(difference.rehashed > 0, keepHashes, [])
  const deleted = await write(missing > 0 && !withhold, markDeleted, [run.id])
  return {
    read,
    inserted,
    updated,
    unchanged: read - inserted - updated - rejected,
    rejected,
    restored,
    deleted,
    withheld: withhold ? missing : 0,
  }
}
