import type { Queryable } from '../db/connect.ts'
import { sqlBeside } from '../db/sql-file.ts'

const deleteOldRejectedRows = sqlBeside(import.meta.url, 'sql/delete-old-rejected-rows.sql')

/** Deletes the rejected rows of a Client System that are older than 7 days, except those of its latest success. */
export async function pruneRejectedRows(db: Queryable, clientSystemId: string): Promise<void> {
  await db.query(deleteOldRejectedRows, [clientSystemId])
}
