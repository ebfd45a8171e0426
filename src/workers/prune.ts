import type pg from 'pg'
import type { PgBoss } from 'pg-boss'
import type { ClientSystem } from '../config/environment.ts'
import type { Log } from '../lib/log.ts'
import { pruneRejectedRows } from '../mirror/rejected-rows.ts'
import { pruneWaiting } from '../readings/waiting.ts'
import { pruneRuns } from '../runs/prune.ts'

export type PruningOptions = {
  boss: PgBoss
  pool: pg.Pool
  /** How many days the history is kept. */
  historyDays: number
  log: Log
}

/** At 03:17 UTC every day. */
const dailyCron = '17 3 * * *'

/** Returns the name of the queue that gets a job each day to prune the history of a Client System. */
export function pruneQueue(clientSystemId: string): string {
  return `meter-sync-prune.${clientSystemId}`
}

/** The queue of earlier versions, which had one for all Client Systems. */
const formerPruneQueue = 'meter-sync-prune'

/** Prunes the history of a Client System every day, until pg-boss stops. An error is logged. */
export async function pruneDaily(
  { id }: ClientSystem,
  { boss, pool, historyDays, log }: PruningOptions,
): Promise<void> {
  await boss.unschedule(formerPruneQueue)
  await boss.createQueue(pruneQueue(id), { retryLimit: 0 })
  await boss.schedule(pruneQueue(id), dailyCron)
  await boss.work(pruneQueue(id), async () => {
    try {
      await pruneHistory(pool, id, historyDays)
    } catch (err) {
      log.error({ err }, 'old history could not be removed; retrying tomorrow')
      throw err
    }
  })
}

/** Deletes the history of one Client System that is older than `days`. Another agent may keep that of others for longer. */
async function pruneHistory(pool: pg.Pool, clientSystemId: string, days: number): Promise<void> {
  await pruneRuns(pool, clientSystemId, days)
  await pruneRejectedRows(pool, clientSystemId)
  await pruneWaiting(pool, clientSystemId)
}
