import type { Queryable } from '../db/connect.ts'
import { sqlBeside } from '../db/sql-file.ts'

const findKeptRuns = sqlBeside(import.meta.url, 'find-kept-runs.sql')
const deleteOldRuns = sqlBeside(import.meta.url, 'delete-old-runs.sql')

/** Deletes the runs of a Client System that are older than `days`, with their changes and rejected rows. */
export async function pruneRuns(db: Queryable, clientSystemId: string, days: number): Promise<void> {
  const { rows } = await db.query<{ id: string }>(findKeptRuns, [clientSystemId])
  const kept = rows.map(({ id }) => id)
  for (;;) {
    const { rowCount } = await db.query(deleteOldRuns, [clientSystemId, days, kept])
    if (rowCount === 0 || rowCount === null) break
  }
}
