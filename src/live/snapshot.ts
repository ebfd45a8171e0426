import type pg from 'pg'
import { and, count, drizzle, eq, gt, inArray, min, sql } from '../db/drizzle.ts'
import { missingCounter } from '../db/notices.ts'
import { clientSystem, revisionCounter, run } from '../db/schema.ts'
import { transaction } from '../db/transaction.ts'
import { listKeptDeletions } from '../runs/kept-deletions.ts'
import { findActiveRun, findLastRun } from '../runs/list.ts'
import { failedStatuses, finishedStatuses } from '../wire/lists.ts'
import type { KeptDeletions, Run } from '../wire/types.ts'

/** The rows of the Client Systems at one revision. */
export type Snapshot = {
  revision: number
  /** The time of the database, whose clock also set every other time in it. */
  now: Date
  /** By id; every Client System that was requested has one. */
  clientSystems: Map<string, ClientSystemSnapshot>
}

export type ClientSystemSnapshot = {
  metersTotal: number
  metersActive: number
  sameMetersAs: string | null
  activeRun: Run | null
  lastRun: Run | null
  lastSuccess: Run | null
  lastFailure: Run | null
  failures: { count: number; since: string } | null
  keptDeletions: KeptDeletions | null
}

/**
 * Returns a function that reads the snapshot of the latest revision. Each revision is read once, also for concurrent calls.
 * A snapshot is never older than the call that returns it.
 */
export function createSnapshots(pool: pg.Pool, ids: string[]): () => Promise<Snapshot> {
  const db = drizzle(pool)
  let cached: Snapshot | null = null
  let reading: Promise<Snapshot> | null = null
  const read = async () => {
    try {
      cached = await readSnapshot(pool, ids)
      return cached
    } finally {
      reading = null
    }
  }
  return async () => {
    for (;;) {
      const { revision, now } = await readRevision(db)
      if (cached?.revision === revision) return { ...cached, now }
      reading ??= read()
      // A read that was already in progress may have begun before the latest revision.
      const latest = await reading
      if (latest.revision >= revision) return { ...latest, now }
    }
  }
}

/** Reads everything in one transaction, so that the result is exactly the state at its revision. */
export async function readSnapshot(pool: pg.Pool, ids: string[]): Promise<Snapshot> {
  return await transaction(
    pool,
    async (client) => {
      const tx = drizzle(client)
      const clientSystems = new Map<string, ClientSystemSnapshot>()
      const counts = await tx.select().from(clientSystem).where(inArray(clientSystem.id, ids))
      const kept = await listKeptDeletions(tx, ids)
      for (const id of ids) {
        const lastSuccess = await findLastRun(tx, id, ['succeeded'])
        // The first worker creates the row; before that another process may have queued a run.
        const stored = counts.find((row) => row.id === id)
        clientSystems.set(id, {
          metersTotal: stored?.metersTotal ?? 0,
          metersActive: stored?.metersActive ?? 0,
          sameMetersAs: stored?.sameMetersAs ?? null,
          activeRun: await findActiveRun(tx, id),
          lastRun: await findLastRun(tx, id, finishedStatuses),
          lastSuccess,
          lastFailure: await findLastRun(tx, id, failedStatuses),
          failures: await countFailures(tx, id, lastSuccess?.revision ?? -1),
          keptDeletions: kept.get(id) ?? null,
        })
      }
      return { ...(await readRevision(tx)), clientSystems }
    },
    'isolation level repeatable read read only',
  )
}

type Reader = Pick<ReturnType<typeof drizzle>, 'select'>

/** Counts the failures after a revision; null when there are none. */
async function countFailures(
  db: Reader,
  clientSystemId: string,
  revision: number,
): Promise<ClientSystemSnapshot['failures']> {
  const rows = await db
    .select({ count: count(), since: min(run.finishedAt) })
    .from(run)
    .where(
      and(eq(run.clientSystemId, clientSystemId), inArray(run.status, [...failedStatuses]), gt(run.revision, revision)),
    )
  const [row] = rows
  return row?.since ? { count: row.count, since: row.since.toISOString() } : null
}

async function readRevision(db: Reader): Promise<{ revision: number; now: Date }> {
  const now = sql<Date>`clock_timestamp()`.mapWith((text: string) => new Date(text))
  const rows = await db
    .select({ revision: revisionCounter.value, now })
    .from(revisionCounter)
    .where(eq(revisionCounter.id, 1))
  const [row] = rows
  if (!row) throw missingCounter()
  return row
}
