import type { SQL } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import { and, desc, eq, gt, inArray, lt, or, sql } from '../db/drizzle.ts'
import { type ResultPage, takePage } from '../db/pages.ts'
import { run } from '../db/schema.ts'
import { activeStatuses, phases, runStatuses, triggers } from '../wire/lists.ts'
import type { Counts, Run, RunStatus } from '../wire/types.ts'

type Row = typeof run.$inferSelect

/** The pool, or a transaction of it. */
type Reader = Pick<NodePgDatabase, 'select'>

function oneOf<T extends string>(known: readonly T[], value: string): T {
  const found = known.find((candidate) => candidate === value)
  if (found === undefined) throw new Error(`sync.run holds the unknown word ${value}`)
  return found
}

/** The wire shape of a row of `sync.run`. */
export function toRun(row: Row): Run {
  return {
    id: row.id,
    clientSystemId: row.clientSystemId,
    trigger: oneOf(triggers, row.trigger),
    requestedBy: row.requestedBy,
    approveDeletes: row.approveDeletes,
    approveDigest: row.approveDigest,
    status: oneOf(runStatuses, row.status),
    phase: row.phase === null ? null : oneOf(phases, row.phase),
    queuedAt: row.queuedAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
    counts: toCounts(row),
    error:
      row.errorCode === null ? null : { code: row.errorCode, message: row.errorMessage ?? '', hint: row.errorHint },
    readMode: row.readMode === null ? null : oneOf(['full', 'narrow'] as const, row.readMode),
    readReason: row.readReason,
    withheldBecause: row.withheldBecause,
    withheldDigest: row.withheldDigest,
    rejectedBecause: row.rejectedBecause,
    proof: row.proofDigest === null ? null : { rows: row.proofRows ?? 0, digest: row.proofDigest },
    bytesRead: row.bytesRead,
    timings: row.timings,
    revision: row.revision,
  }
}

function toCounts({ read, inserted, updated, unchanged, rejected, restored, deleted, withheld }: Row): Counts | null {
  if (read === null || inserted === null || updated === null || unchanged === null) return null
  if (rejected === null || restored === null || deleted === null || withheld === null) return null
  return { read, inserted, updated, unchanged, rejected, restored, deleted, withheld }
}

export async function findRun(db: Reader, id: string): Promise<Run | null> {
  const rows = await db.select().from(run).where(eq(run.id, id))
  return rows[0] ? toRun(rows[0]) : null
}

/** A run with what only its worker needs: why every meter is to be read, if so. */
export async function findRunToWork(db: Reader, id: string): Promise<(Run & { full: string | null }) | null> {
  const rows = await db.select().from(run).where(eq(run.id, id))
  const [row] = rows
  if (!row) return null
  const reason = row.trigger === 'startup' ? 'the agent started' : 'it was asked for'
  return { ...toRun(row), full: row.full ? reason : null }
}

/** The queued or running run of a Client System: one at most. */
export async function findActiveRun(db: Reader, clientSystemId: string): Promise<Run | null> {
  const active = inArray(run.status, [...activeStatuses])
  const rows = await db
    .select()
    .from(run)
    .where(and(eq(run.clientSystemId, clientSystemId), active))
  return rows[0] ? toRun(rows[0]) : null
}

/**
 * The latest finished run with one of these statuses: by revision, which is the order of commits, since a clock may step
 * back.
 */
export async function findLastRun(
  db: Reader,
  clientSystemId: string,
  statuses: readonly RunStatus[],
): Promise<Run | null> {
  const rows = await db
    .select()
    .from(run)
    .where(and(eq(run.clientSystemId, clientSystemId), inArray(run.status, [...statuses])))
    .orderBy(desc(run.revision))
    .limit(1)
  return rows[0] ? toRun(rows[0]) : null
}

export type RunFilter = {
  clientSystemIds: string[]
  status: RunStatus | null
  before: { queuedAt: string; id: string } | null
}

/** A page of runs, newest first; `limit` of them at most. */
export async function listRuns(
  db: Reader,
  { clientSystemIds, status, before }: RunFilter,
  limit: number,
): Promise<ResultPage<Run>> {
  const conditions: (SQL | undefined)[] = [inArray(run.clientSystemId, clientSystemIds)]
  if (status) conditions.push(eq(run.status, status))
  if (before) {
    const at = sql`${before.queuedAt}::timestamptz`
    conditions.push(or(lt(run.queuedAt, at), and(eq(run.queuedAt, at), lt(run.id, before.id))))
  }
  const rows = await db
    .select()
    .from(run)
    .where(and(...conditions))
    .orderBy(desc(run.queuedAt), desc(run.id))
    .limit(limit + 1)
  return takePage(rows.map(toRun), limit)
}

/** The runs that changed after a revision, in the order of their latest change; the latest `limit` of them. */
export async function listRunsSince(
  db: Reader,
  clientSystemIds: string[],
  revision: number,
  limit: number,
): Promise<Run[]> {
  const rows = await db
    .select()
    .from(run)
    .where(and(inArray(run.clientSystemId, clientSystemIds), gt(run.revision, revision)))
    .orderBy(desc(run.revision))
    .limit(limit)
  return rows.reverse().map(toRun)
}
