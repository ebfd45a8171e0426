import type { Queryable } from '../db/connect.ts'
import { nextRevision, notify } from '../db/notices.ts'
import type { Counts, Phase, Run, RunError, RunStatus, Trigger } from '../wire/types.ts'
import { type Baseline, saveBaseline } from './baseline.ts'

/** Completes the pg-boss job of a run in the transaction of the caller. A missing job is not an error. */
export type CompleteJob = (db: Queryable, run: RunRef) => Promise<void>

export type RunRef = { id: string; clientSystemId: string }

/** The result of a run that succeeded, as it is recorded. */
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

/** The end of a run that did not succeed, as it is recorded. */
export type RunFailure = {
  status: Exclude<RunStatus, 'queued' | 'running' | 'succeeded'>
  error: RunError
  /** Milliseconds in each phase that the run went through; null before the first. */
  timings: Partial<Record<Phase, number>> | null
  readMode: Run['readMode']
}

/** A request for a run, as every kind of trigger makes it. */
export type RunRequest = {
  clientSystemId: string
  trigger: Trigger
  full: boolean
  /** Approves all deletions of this run when there are at most this many, otherwise none (F8). */
  approveDeletes: number | null
  /** The digest of the meters that were shown: an approval with it is for these meters alone. */
  approveDigest: string | null
  requestedBy: string | null
}

/** Records a new run as queued. Returns false when another run of the Client System is active. Call inside a transaction. */
export async function recordQueued(db: Queryable, id: string, request: RunRequest): Promise<boolean> {
  const { clientSystemId, trigger, full, approveDeletes, approveDigest, requestedBy } = request
  const revision = await nextRevision(db)
  const { rowCount } = await db.query(
    `insert into sync.run (id, client_system_id, trigger, requested_by, "full", approve_deletes, status, revision, approve_digest)
     values ($1, $2, $3, $4, $5, $6, 'queued', $7, $8)
     on conflict (client_system_id) where status in ('queued', 'running') do nothing`,
    [id, clientSystemId, trigger, requestedBy, full, approveDeletes, revision, approveDigest],
  )
  if (rowCount !== 1) return false
  await notifyRun(db, { id, clientSystemId }, { revision, ended: false })
  return true
}

/** Changes a run from queued to running. Returns false when the run has ended meanwhile. Call inside a transaction. */
export async function recordStart(db: Queryable, run: RunRef): Promise<boolean> {
  const revision = await nextRevision(db)
  const { rowCount } = await db.query(
    `update sync.run set status = 'running', started_at = now(), phase = 'connecting', revision = $2
     where id = $1 and status = 'queued'`,
    [run.id, revision],
  )
  await notifyRun(db, run, { revision, ended: false })
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
  await notifyRun(db, run, { revision, ended: false })
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
  await saveBaseline(db, run.clientSystemId, baseline)
  const revision = await nextRevision(db)
  const { rowCount } = await db.query(
    `with changed as (
       delete from sync.kept_deletions where client_system_id = $20 and digest is distinct from $19
     )
     update sync.run set
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
      run.clientSystemId,
    ],
  )
  if (rowCount !== 1) return false
  await announceEnd(db, run, revision, completeJob)
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
  failure: RunFailure,
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
  await announceEnd(db, run, revision, completeJob)
  return true
}

/** Completes the job of a run that has ended, and notifies every process. */
async function announceEnd(db: Queryable, run: RunRef, revision: number, completeJob: CompleteJob): Promise<void> {
  await completeJob(db, run)
  await notifyRun(db, run, { revision, ended: true })
}

async function notifyRun(
  db: Queryable,
  { id, clientSystemId }: RunRef,
  change: { revision: number; ended: boolean },
): Promise<void> {
  await notify(db, { type: 'run', runId: id, clientSystemId, ...change })
}
