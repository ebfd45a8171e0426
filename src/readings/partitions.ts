import type pg from 'pg'
import { transaction } from '../db/transaction.ts'

/** Moving the readings of a month takes about 10 s for a million. */
const moveTimeoutMs = 15 * 60_000

/**
 * Creates the partitions that are missing: of this month and the next three, and of every month whose readings have none.
 * Returns the first days of their months. Each is a transaction, which throws `lock_not_available` (55P03) rather than
 * keep others waiting for longer than 2.5 s.
 */
export async function createPartitions(pool: pg.Pool): Promise<string[]> {
  const created: string[] = []
  while (await isPartitionMissing(pool)) {
    const month = await transaction(pool, async (client) => {
      await client.query(`set local statement_timeout = ${moveTimeoutMs}`)
      const text = 'select sync.create_reading_partition()::text as month'
      const move = { text, query_timeout: moveTimeoutMs }
      return (await client.query<{ month: string | null }>(move)).rows[0]?.month ?? null
    })
    // Another worker is creating it.
    if (month === null) break
    created.push(month)
  }
  return created
}

async function isPartitionMissing(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query<{ yes: boolean }>('select sync.missing_reading_partition() is not null as yes')
  return rows[0]?.yes ?? false
}

export type RemovedReadings = { partitions: string[]; readings: number }

/**
 * Removes the readings of the months that ended more than `days` ago, at least 31. Returns the partitions that were dropped
 * with all their readings, and how many readings were deleted from others.
 */
export async function dropOldReadings(pool: pg.Pool, days: number): Promise<RemovedReadings> {
  const removed: RemovedReadings = { partitions: [], readings: 0 }
  for (;;) {
    const { rows } = await pool.query<{ partition: string; deleted: string | null }>(
      'select partition, deleted from sync.drop_old_readings($1)',
      [days],
    )
    const [piece] = rows
    if (!piece) return removed
    if (piece.deleted === null) removed.partitions.push(piece.partition)
    else removed.readings += Number(piece.deleted)
  }
}
