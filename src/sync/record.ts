import type { Queryable } from '../db/connect.ts'
import { nextRevision, notify } from '../db/notices.ts'
import type { Counts, Phase, Run, RunError, RunStatus } from '../events.ts'

/** Marks the pg-boss job of a run as done, through the caller's transaction. A job that is gone is no error. */
export type CompleteJob = (db: Queryable, runId: string) => Promise<void>

/** What a success leaves of a Client System for the next run to go by. */
export type Basis = {
  meters: { total: number; active: number }
  /** The xor of `whole_hash` over the present meters: another one tells that somebody else has changed them. */
  content: bigint
  /** Of the query that was read (describe.ts); null before the first. */
  fingerprint: string | null
}

/**
 * `error`: what a narrow read of the run before went wrong with, null where it was full or did not. `rejected`: rows, by
 * the last that succeeded.
 */
export type Before = Basis & { error: string | null; rejected: number }

export async function findBasis(db: Queryable, clientSystemId: string): Promise<Before> {
  const { rows } = await db.query<{
    total: string
    active: string
    content: string | null
    fingerprint: string | null
    error: string | null
    rejected: string | null
  }>(
    `select meters_total as total, meters_active as active, content_digest as content, source_fingerprint as fingerprint,
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
       ) as rejected
     from sync.client_system where id = $1`,
    [clientSystemId],
  )
  const { total = '0', active = '0', content = null, fingerprint = null, error = null, rejected = null } = rows[0] ?? {}
  const meters = { total: Number(total), active: Number(active) }
  return { meters, content: BigInt(content ?? 0), fingerprint, error, rejected: Number(rejected ?? 0) }
}

export type RunRef = { id: string; clientSystemId: string }

/** What is known of a run that succeeded. */
export type Result = {
  counts: Counts
  readMode: 'full' | 'narrow'
  readReason: string | null
  withheldBecause: string | null
  bytesRead: number
  timings: Partial<Record<Phase, number>>
  proof: Run['proof']
  basis: Basis
}

/** From queued to running, or false when somebody ended the run meanwhile. Inside a transaction. */
export async function markRunning(db: Queryable, run: RunRef): Promise<boolean> {
  const revision = await nextRevision(db)
  const { rowCount } = await db.query(
    `update sync.run set status = 'running', started_at = now(), phase = 'connecting', revision = $2
     where id = $1 and status = 'queued'`,
    [run.id, revision],
  )
  await notifyRun(db, run, revision, false)
  return rowCount === 1
}

/** Enters the next phase of a running run. Inside a transaction. */
export async function markPhase(db: Queryable, run: RunRef, phase: Phase): Promise<void> {
  const revision = await nextRevision(db)
  await db.query(`update sync.run set phase = $2, revision = $3 where id = $1 and status = 'running'`, [
    run.id,
    phase,
    revision,
  ])
  await notifyRun(db, run, revision, false)
}

/**
 * Ends a run as succeeded, in the transaction that wrote its meters. False when the run is no longer running: the
 * lease was lost, and the caller rolls back.
 */
export async function recordSuccess(
  db: Queryable,
  run: RunRef,
  result: Result,
  completeJob: CompleteJob,
): Promise<boolean> {
  const { counts, basis } = result
  await db.query(
    `update sync.client_system
     set meters_total = $2, meters_active = $3, content_digest = $4, source_fingerprint = $5
     where id = $1`,
    [run.clientSystemId, basis.meters.total, basis.meters.active, basis.content.toString(), basis.fingerprint],
  )
  const revision = await nextRevision(db)
  const { rowCount } = await db.query(
    `update sync.run set
       status = 'succeeded', phase = null, finished_at = clock_timestamp(), revision = $2,
       read = $3, inserted = $4, updated = $5, unchanged = $6, rejected = $7, restored = $8, deleted = $9, withheld = $10,
       read_mode = $11, bytes_read = $12, timings = $13, read_reason = $14, proof_rows = $15, proof_digest = $16,
       withheld_because = $17
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
      result.readReason,
      result.proof?.rows ?? null,
      result.proof?.digest ?? null,
      result.withheldBecause,
    ],
  )
  if (rowCount !== 1) return false
  await completeJob(db, run.id)
  await notifyRun(db, run, revision, true)
  return true
}

/**
 * Ends an active run without success; its phase stays, as the one that it failed in. False when it had already ended:
 * then its own state stands (Fault 13). Inside a transaction. Worker, reaper and cancellation all end a run this way.
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
