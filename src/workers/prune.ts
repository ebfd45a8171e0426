import type pg from 'pg'
import { pruneRejectedRows } from '../mirror/rejected-rows.ts'
import { pruneWaiting } from '../readings/waiting.ts'
import { pruneRuns } from '../runs/prune.ts'

/** Deletes what is older than `days` of one Client System: another agent may keep that of others for longer. */
export async function pruneHistory(pool: pg.Pool, clientSystemId: string, days: number): Promise<void> {
  await pruneRuns(pool, clientSystemId, days)
  await pruneRejectedRows(pool, clientSystemId)
  await pruneWaiting(pool, clientSystemId)
}
