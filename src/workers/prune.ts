import type pg from 'pg'
import { pruneRejectedRows } from '../mirror/rejected-rows.ts'
import { pruneWaiting } from '../readings/waiting.ts'
import { pruneRuns } from '../runs/prune.ts'

/** Deletes the history of one Client System that is older than `days`. Another agent may keep that of others for longer. */
export async function pruneHistory(pool: pg.Pool, clientSystemId: string, days: number): Promise<void> {
  await pruneRuns(pool, clientSystemId, days)
  await pruneRejectedRows(pool, clientSystemId)
  await pruneWaiting(pool, clientSystemId)
}
