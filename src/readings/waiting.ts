import type { Queryable } from '../db/connect.ts'
import { type Page, takePage, toPage } from '../db/pages.ts'
import { sqlBeside } from '../db/sql-file.ts'
import type { WaitingMeter } from '../wire/types.ts'

const storeWaiting = sqlBeside(import.meta.url, 'store-waiting.sql')
const selectWaiting = sqlBeside(import.meta.url, 'select-waiting.sql')

/** The maximum number of waiting readings of a Client System, and the days after which they are deleted. */
export const maxWaiting = 100_000
const waitingDays = 30

const waitingKey = `hashtextextended('meter-sync-agent waiting:' || $1::text, 0)`

/**
 * Keeps a run of the Client System from ending before this transaction ends. So either the run that inserts a meter sees the
 * reading that begins to wait now, or the reading sees the meter.
 */
export async function lockForWaiting(db: Queryable, clientSystemId: string): Promise<void> {
  await db.query(`select pg_advisory_xact_lock_shared(${waitingKey})`, [clientSystemId])
}

/**
 * Stores the readings that waited for the meters of this transaction. Waits for the transactions that let readings wait,
 * and blocks others until this one ends. Call it right before the end.
 */
export async function storeWaitingReadings(db: Queryable, clientSystemId: string): Promise<void> {
  await db.query(`select pg_advisory_xact_lock(${waitingKey})`, [clientSystemId])
  await db.query(storeWaiting, [clientSystemId])
}

/** Returns a page of the external ids without a meter, each with the number of its waiting readings and when they arrived. */
export async function listWaiting(
  db: Queryable,
  clientSystemId: string,
  after: string | null,
  limit: number,
): Promise<Page<WaitingMeter, string>> {
  type Row = Omit<WaitingMeter, 'firstReceivedAt' | 'lastReceivedAt'> & { firstReceivedAt: Date; lastReceivedAt: Date }
  const { rows } = await db.query<Row>(selectWaiting, [clientSystemId, after ?? '', limit + 1])
  return toPage(
    takePage(rows, limit),
    (row) => ({
      ...row,
      firstReceivedAt: row.firstReceivedAt.toISOString(),
      lastReceivedAt: row.lastReceivedAt.toISOString(),
    }),
    ({ externalId }) => externalId,
  )
}

/**
 * Returns true when readings of a new external id arrived after the last success began, so that a sync may insert its meter.
 */
export async function needsSync(db: Queryable, clientSystemId: string): Promise<boolean> {
  const { rows } = await db.query<{ needed: boolean }>(
    `select exists (
       select
       from sync.waiting_reading
       where client_system_id = $1
       group by external_id
       having min(received_at) > coalesce(
         (
           select started_at
           from sync.run
           where client_system_id = $1 and status = 'succeeded'
           order by revision desc
           limit 1
         ),
         '-infinity'
       )
     ) as needed`,
    [clientSystemId],
  )
  return rows[0]?.needed ?? false
}

/** Deletes the readings that have waited for too long. */
export async function pruneWaiting(db: Queryable, clientSystemId: string): Promise<void> {
  await db.query(
    `delete from sync.waiting_reading
     where client_system_id = $1 and received_at < now() - make_interval(days => $2)`,
    [clientSystemId, waitingDays],
  )
}
