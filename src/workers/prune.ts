import type pg from 'pg'
import { sqlBeside } from '../db/connect.ts'
import { pruneWaiting } from '../readings/waiting.ts'

const findKeptRuns = sqlBeside(import.meta.url, 'find-kept-runs.sql')
const deleteOldRuns = sqlBeside(import.meta.url, 'delete-old-runs.sql')
const deleteOldRejectedRows = sqlBeside(import.meta.url, 'delete-old-rejected-rows.sql')

/** Deletes what is older than `days` of one Client System: another agent may keep that of others for longer. */
export async function pruneHistory(pool: pg.Pool, clientSystemId: string, days: number): Promise<void> {
  const { rows } = await pool.query<{ id: string }>(findKeptRuns, [clientSystemId])
  const kept = rows.map(({ id }) => id)
  for (;;) {
    const { rowCount } = await pool.query(deleteOldRuns, [clientSystemId, days, kept])
    if (rowCount === 0 || rowCount === null) break
  }
  await pool.query(deleteOldRejectedRows, [clientSystemId])
  await pruneWaiting(pool, clientSystemId)
}
