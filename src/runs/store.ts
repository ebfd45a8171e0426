import type { ClientSystem } from '../config/environment.ts'
import type { Queryable } from '../db/connect.ts'
import { nextRevision, notify } from '../db/notices.ts'
import type { Counts, Phase, Run, RunError, RunStatus } from '../wire/types.ts'

/** Completes the pg-boss job of a run in the transaction of the caller. A missing job is not an error. */
export type CompleteJob = (db: Queryable, runId: string) => Promise<void>

/** What a successful run stores of a Client System for the next run. */
export type Baseline = {
  meters: { total: number; active: number }
  /** The xor of `whole_hash` over the present meters. When it differs, another program has changed the meters. */
  content: bigint
  /** Identifies the server, query and columns that were read (describe.ts); null before the first success. */
  fingerprint: string | null
  /** The id of an older Client System that has the same meters (same-meters.ts). */
  sameMetersAs: string | null
}

/** The baseline of the last success, with what else decides how the next run reads. */
export type StoredBaseline = Baseline & {
  /** The error code of the previous run if it failed during an incremental read; otherwise null. */
  error: string | null
  /** The number of rows that the last success rejected. */
  rejected: number
  /** The seed of the hashes of rows (schema.ts, `installation`). */
  salt: bigint
  /** False when no successful run has read every meter since the last `quietHour` in the time zone of the schedule. */
  fullToday: boolean
}

/** The first run after this hour of the night reads every meter. */
const quietHour = 2

/**
 * Returns the day of a time in a time zone, as text that sorts by time; a day begins at the quiet hour. PostgreSQL cannot
 * compute it: it may lack a zone that Node.js has, and it reads an offset such as +02:00 with the opposite sign.
 */
function dayOf(milliseconds: number, timeZone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone }).format(milliseconds - quietHour * 3_600_000)
}

/** Returns the baseline of a Client System; zeros and nulls before its first success. */
export async function findBaseline(
  db: Queryable,
  { id: clientSystemId, schedule }: Pick<ClientSystem, 'id' | 'schedule'>,
): Promise<StoredBaseline> {
  const { rows } = await db.query<{
    total: string | null
    active: string | null
    content: string | null
    fingerprint: string | null
    sameMetersAs: string | null
    error: string | null
    rejected: string | null
    salt: string
    now: number
    lastFull: number | null
  }>(
    `select c.meters_total as total, c.meters_active as active, c.content_digest as content, c.source_fingerprint as fingerprint,
       c.same_meters_as as "sameMetersAs",
       (
         select case when read_mode = 'narrow' then error_code end from sync.run
         where client_system_id = $1 and finished_at is not null
         order by revision desc
         limit 1
       ) as error,
       (
         select rejected from sync.run
         where client_system_id = $1 and status = 'succeeded'
         order by revision desc
         limit 1
       ) as rejected,
       (
         select extract(epoch from finished_at)::float8 * 1000 from sync.run
         where client_system_id = $1 and status = 'succeeded' and read_mode = 'full'
         order by revision desc
         limit 1
       ) as "lastFull",
       extract(epoch from now())::float8 * 1000 as now,
       i.hash_salt as salt
     from sync.installation i
     left join sync.client_system c on c.id = $1`,
    [clientSystemId],
  )
  const [row] = rows
  if (!row) throw new Error('sync.installation has no row; restore it from a backup, or insert a random hash_salt')
  const { fingerprint, sameMetersAs, error, now, lastFull } = row
  const today = dayOf(now, schedule.timeZone)
  return {
    meters: { total: Number(row.total ?? 0), active: Number(row.active ?? 0) },
    content: BigInt(row.content ?? 0),
    fingerprint,
    sameMetersAs,
    error,
    rejected: Number(row.rejected ?? 0),
    salt: BigInt(row.salt),
    fullToday: lastFull !== null && dayOf(lastFull, schedule.timeZone) >= today,
  }
}

export type RunRef = { id: string; clientSystemId: string }

/** What is recorded of a run that succeeded. */
export type RunResult = {
  counts: Counts
  readMode: 'full' | 'narrow'
  readReason: Run['readReason']
  withheldBecause: Run['withheldBecause']
  withheldDigest: string | null
  rejectedBecause: Run['rejectedBecause']
  bytesRead: number
  timings: Partial<Record<Phase, number>>
  proof: Run['proof']
  baseline: Baseline
}

/** Changes a run from queued to running. Returns false when the run has ended meanwhile. Call inside a transaction. */
export async function recordStart(db: Queryable, run: RunRef): Promise<boolean> {
  const revision = await nextRevision(db)
  const { rowCount } = await db.query(
    `update sync.run set status = 'running', started_at = now(), phase = 'connecting', revision = $2
     where id = $1 and status = 'queued'`,
    [run.id, revision],
  )
  await notifyRun(db, run, revision, false)
  return rowCount === 1
}

/** Records the next phase of a running run. Call inside a transaction. */
export async function recordPhase(db: Queryable, run: RunRef, phase: Phase): Promise<void> {
  const revision = await nextRevision(db)
  await db.query(`update sync.run set phase = $2, revision = $3 where id = $1 and status = 'running'`, [
    run.id,
    phase,
    revision,
  ])
  await notifyRun(db, run, revision, false)
}

/**
 * Records that a run succeeded, in the transaction that wrote its meters. Returns false when the run is no longer running:
 * the lease was lost, and the caller must roll back.
 */
export async function recordSuccess(
  db: Queryable,
  run: RunRef,
  result: RunResult,
  completeJob: CompleteJob,
): Promise<boolean> {
  const { counts, baseline } = result
  await db.query(
    `update sync.client_system
     set meters_total = $2, meters_active = $3, content_digest = $4, source_fingerprint = $5, same_meters_as = $6
     where id = $1`,
    [
      run.clientSystemId,
      baseline.meters.total,
      baseline.meters.active,
      baseline.content.toString(),
      baseline.fingerprint,
      baseline.sameMetersAs,
    ],
  )
  const revision = await nextRevision(db)
  const { rowCount } = await db.query(
    `update sync.run set
       status = 'succeeded', phase = null, finished_at = clock_timestamp(), revision = $2,
       read = $3, inserted = $4, updated = $5, unchanged = $6, rejected = $7, restored = $8, deleted = $9, withheld = $10,
       read_mode = $11, bytes_read = $12, timings = $13, read_reason = $14, proof_rows = $15, proof_digest = $16,
       withheld_because = $17, rejected_because = $18, withheld_digest = $19
     where id = $1 and status = 'running'`,
    [
      run.id,
      revision,
      counts.read,
      counts.inserted,
      counts.updated,
      counts.unchanged,
      counts.rejected,
      counts.restored,
      counts.deleted,
      counts.withheld,
      result.readMode,
      result.bytesRead,
      JSON.stringify(result.timings),
      result.readReason && JSON.stringify(result.readReason),
      result.proof?.rows ?? null,
      result.proof?.digest ?? null,
      result.withheldBecause && JSON.stringify(result.withheldBecause),
      result.rejectedBecause && JSON.stringify(result.rejectedBecause),
      result.withheldDigest,
    ],
  )
  if (rowCount !== 1) return false
  await completeJob(db, run.id)
  await notifyRun(db, run, revision, true)
  return true
}

/**
 * Records that an active run ended without success. Its phase is kept, because it failed in that phase. Returns false when
 * the run had already ended; its state then stays as it is (F13). Call inside a transaction. The worker, the reaper and a
 * cancellation all end a run with this function.
 */
export async function recordFailure(
  db: Queryable,
  run: RunRef,
  failure: {
    status: Exclude<RunStatus, 'queued' | 'running' | 'succeeded'>
    error: RunError
    timings: Partial<Record<Phase, number>> | null
    readMode: Run['readMode']
  },
  completeJob: CompleteJob,
): Promise<boolean> {
  const { status, error, timings, readMode } = failure
  const revision = await nextRevision(db)
  const { rowCount } = await db.query(
    `update sync.run set
       status = $3, finished_at = clock_timestamp(), revision = $2,
       error_code = $4, error_message = $5, error_hint = $6, timings = $7, read_mode = $8
     where id = $1 and status in ('queued', 'running')`,
    [run.id, revision, status, error.code, error.message, error.hint, timings && JSON.stringify(timings), readMode],
  )
  if (rowCount !== 1) return false
  await completeJob(db, run.id)
  await notifyRun(db, run, revision, true)
  return true
}

async function notifyRun(db: Queryable, run: RunRef, revision: number, ended: boolean): Promise<void> {
  await notify(db, { type: 'run', runId: run.id, clientSystemId: run.clientSystemId, revision, ended })
}
