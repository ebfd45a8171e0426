import type pg from 'pg'
import type { ClientSystem } from '../config/environment.ts'
import type { DatabaseTarget } from '../config/targets.ts'
import type { Queryable } from '../db/connect.ts'
import { transaction } from '../db/transaction.ts'
import type { Log } from '../lib/log.ts'
import type { Redact } from '../lib/redact.ts'
import { unlessAborted } from '../lib/timeout.ts'
import { findBaseline } from '../runs/baseline.ts'
import { type CompleteJob, type RunRef, type RunResult, recordFailure, recordStart } from '../runs/store.ts'
import type { Run } from '../wire/types.ts'
import { apply } from './apply.ts'
import { compare, explainRejected } from './compare.ts'
import { type Failure, failureOf } from './failure.ts'
import { approvedOf, guard, type Verdict } from './guard.ts'
import { followPhases, type Phases } from './phases.ts'
import { prove } from './prove.ts'
import { readMeters } from './read/read.ts'
import { record } from './record.ts'
import { findSameMeters } from './same-meters.ts'
import { openRunSession, type RunSession } from './session.ts'
import { openSource } from './source/connection.ts'
import { describeMeters } from './source/describe.ts'
import { refuseSameDatabase } from './source/same-database.ts'

/** A run as it was requested. */
export type QueuedRun = RunRef & {
  approveDeletes: number | null
  approveDigest: string | null
  /** Why every meter is to be read; null when an incremental read will do. */
  full: Run['readReason']
}

export type Deps = {
  clientSystem: ClientSystem
  syncDatabase: DatabaseTarget
  /** For statements that others must see before the run's own transaction ends. */
  pool: pg.Pool
  completeJob: CompleteJob
  /** Aborts the run. Its reason is the AgentError that the run ends with. */
  signal: AbortSignal
  /** Removes secrets from the error that is stored. */
  redact: Redact
  log: Log
}

/** `ended`: another process ended the run, and the run's row has its outcome. */
export type Outcome = { status: 'succeeded'; result: RunResult; verdict: Verdict } | Failure | { status: 'ended' }

/**
 * Runs one sync. All of it becomes visible at the commit, or none of it. Throws only when the end of the run could not be
 * recorded in the Sync database; the reaper then records it.
 */
export async function runSync(run: QueuedRun, deps: Deps): Promise<Outcome> {
  const { clientSystem, syncDatabase, pool, completeJob, signal, redact, log } = deps
  let failure: Failure | undefined
  let phases: Phases | undefined
  const toFailure = (thrown: unknown) =>
    failureOf(thrown, signal, redact, phases && { timings: phases.timings(), readMode: phases.readMode() })
  const recordEnd = (ended: Failure) => (db: Queryable) => recordFailure(db, run, ended, completeJob)
  try {
    const { id: clientSystemId, timeouts } = clientSystem
    await using session = await openRunSession(syncDatabase, {
      runId: run.id,
      clientSystemId,
      runTimeoutMs: timeouts.totalMs,
      pool,
      signal,
      log,
    })
    try {
      const started = transaction(pool, (db) => recordStart(db, run))
      if (!(await unlessAborted(signal, started))) return { status: 'ended' }
      phases = followPhases({ pool, run, pid: session.pid, signal, log })
      return await mirror(run, deps, session, phases)
    } catch (thrown) {
      failure = toFailure(thrown)
      return (await session.finish(recordEnd(failure))) ? failure : { status: 'ended' }
    }
  } catch (thrown) {
    // The session could not be opened, or its end could not be recorded while it held the lock.
    failure ??= toFailure(thrown)
    return (await transaction(pool, recordEnd(failure))) ? failure : { status: 'ended' }
  }
}

/**
 * Runs the steps of a sync in one transaction: read, compare, guard, apply, prove, record (R1.1 to R1.5). The phases are what
 * users see of them.
 */
async function mirror(run: QueuedRun, deps: Deps, session: RunSession, runPhases: Phases): Promise<Outcome> {
  const { clientSystem, completeJob, signal } = deps
  using phases = runPhases
  await using source = await openSource(clientSystem, signal)
  await session.client.query('begin isolation level read committed')
  await refuseSameDatabase(source, clientSystem.query, session)
  const { clientSystemId, full } = run
  const baseline = await findBaseline(session.client, clientSystem)
  const query = await describeMeters(source, clientSystem.query, baseline.salt)
  await phases.enter('reading')
  const request = { clientSystemId, source, query, baseline, full, loadFor: run.id, report: phases }
  const staged = await readMeters(session, request)
  await source.close()
  await phases.enter('comparing')
  signal.throwIfAborted()
  const difference = await compare(session, { clientSystemId, read: staged.source.rows })
  const rejectedBecause = await explainRejected(session, difference)
  const verdict = guard(difference, clientSystem.guard, approvedOf(run, difference.missingDigest))
  await phases.enter('applying')
  signal.throwIfAborted()
  const counts = await apply(session, run, { loaded: staged.loaded, difference, verdict })
  await phases.enter('proving')
  const { proof, ...newBaseline } = await prove(session, run, { staged, difference, verdict })
  const { readMode, readReason, bytes: bytesRead } = staged
  // The check joins all meters, so an incremental read keeps its result: a full read follows within a day.
  const sameMetersAs = readMode === 'full' ? await findSameMeters(session, clientSystemId) : baseline.sameMetersAs
  const result: RunResult = {
    counts,
    readMode,
    readReason,
    withheldBecause: verdict.deletions === 'withhold' ? verdict.reason : null,
    withheldDigest: verdict.deletions === 'withhold' ? difference.missingDigest : null,
    rejectedBecause,
    bytesRead,
    timings: phases.timings(),
    proof,
    baseline: { ...newBaseline, fingerprint: query.fingerprint, sameMetersAs },
  }
  signal.throwIfAborted()
  await record(session.client, run, { staged, baseline, result, completeJob })
  await session.commit()
  return { status: 'succeeded', result, verdict }
}
