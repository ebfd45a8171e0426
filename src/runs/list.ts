import type { SQL } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import { and, desc, eq, gt, gte, inArray, lt, or, sql } from '../db/drizzle.ts'
import { type Page, takePage, toPage } from '../db/pages.ts'
import { toReason, toRejectedBecause } from '../db/reasons.ts'
import { run } from '../db/schema.ts'
import { activeStatuses, phases, runStatuses, triggers } from '../wire/lists.ts'
import type { Counts, ReadReason, Run, RunStatus, Trigger, Withheld } from '../wire/types.ts'

type Row = typeof run.$inferSelect

/** The pool, or one of its transactions. */
type Reader = Pick<NodePgDatabase, 'select'>

/** Returns a run by its id; null when it does not exist. */
export async function findRun(db: Reader, id: string): Promise<Run | null> {
  const rows = await db.select().from(run).where(eq(run.id, id))
  return rows[0] ? toRun(rows[0]) : null
}

/** Returns a run with what only its worker needs: `full` is the reason for reading every meter, or null. */
export async function findRunToWork(db: Reader, id: string): Promise<(Run & { full: ReadReason | null }) | null> {
  const rows = await db.select().from(run).where(eq(run.id, id))
  const [row] = rows
  if (!row) return null
  const code = row.trigger === 'startup' ? 'agent_started' : 'requested'
  return { ...toRun(row), full: row.full ? { code } : null }
}

/** Returns the queued or running run of a Client System, of which there is at most one; otherwise null. */
export async function findActiveRun(db: Reader, clientSystemId: string): Promise<Run | null> {
  const active = inArray(run.status, [...activeStatuses])
  const rows = await db
    .select()
    .from(run)
    .where(and(eq(run.clientSystemId, clientSystemId), active))
  return rows[0] ? toRun(rows[0]) : null
}

/**
 * Returns the latest finished run with one of these statuses; null when there is none. Ordered by revision, which is the
 * order of commits, because a clock can be set back.
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

export type RunCursor = { queuedAt: string; id: string }

export type RunFilter = {
  clientSystemId: string
  status: RunStatus | null
  trigger: Trigger | null
  /** When the runs were queued: `from` is inclusive, `to` exclusive. */
  from: string | null
  to: string | null
  before: RunCursor | null
}

/** Returns a page of at most `limit` runs, newest first. */
export async function listRuns(
  db: Reader,
  { clientSystemId, status, trigger, from, to, before }: RunFilter,
  limit: number,
): Promise<Page<Run, RunCursor>> {
  const conditions: (SQL | undefined)[] = [eq(run.clientSystemId, clientSystemId)]
  if (status) conditions.push(eq(run.status, status))
  if (trigger) conditions.push(eq(run.trigger, trigger))
  if (from) conditions.push(gte(run.queuedAt, sql`${from}::timestamptz`))
  if (to) conditions.push(lt(run.queuedAt, sql`${to}::timestamptz`))
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
  return toPage(
    takePage(rows.map(toRun), limit),
    (found) => found,
    ({ queuedAt, id }) => ({ queuedAt, id }),
  )
}

/** Returns the runs that changed after a revision, in the order of their latest change. Of more than `limit`, the latest. */
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

/** Converts a row of `sync.run` to its wire shape. */
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
    readReason: toReason<ReadReason>(row.readReason),
    withheldBecause: toReason<Withheld>(row.withheldBecause),
    withheldDigest: row.withheldDigest,
    rejectedBecause: row.rejectedBecause && toRejectedBecause(row.rejectedBecause),
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

/** Returns `value` as one of `known`. Throws when it is not, which only a newer program could have written. */
function oneOf<T extends string>(known: readonly T[], value: string): T {
  const found = known.find((candidate) => candidate === value)
  if (found === undefined) throw new Error(`sync.run has the unknown value ${value}`)
  return found
}
