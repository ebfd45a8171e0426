import type pg from 'pg'
import type { Job } from 'pg-boss'
import { refreshCollection } from '../collection/refresh.ts'
import type { ClientSystem, Config } from '../config/environment.ts'
import { drizzle } from '../db/drizzle.ts'
import { AgentError } from '../lib/errors.ts'
import { type Lifetime, withLifetime } from '../lib/lifetime.ts'
import { createRedact, type Log } from '../lib/log.ts'
import { listAnew } from '../meters/listing.ts'
import { type Outcome, runSync } from '../mirror/run.ts'
import { cancelled } from '../runs/cancel.ts'
import { findUnlisted, markListed } from '../runs/client-system.ts'
import { findRun, findRunToWork } from '../runs/list.ts'
import type { CompleteJob, RunResult } from '../runs/store.ts'
import { readReasonWords, rejectionWords, withheldWords } from '../wire/reason-words.ts'
import type { Run } from '../wire/types.ts'

/**
 * Works on the runs that the queue hands out, and knows why each of them may have to stop. Its stop stops all work, and runs
 * that come later at once; the queue waits for them.
 */
export type Worker = Lifetime & {
  /** Runs the sync of a job to its end, and logs the outcome. Never throws. */
  work: (clientSystem: ClientSystem, job: Job) => Promise<void>
  /**
   * Stops the work on a run that another process ended. A notification is only a hint, which any role that may connect
   * can forge: the run's row decides.
   */
  ended: (runId: string) => Promise<void>
}

export type WorkerOptions = {
  config: Pick<Config, 'syncDatabase' | 'secrets'>
  pool: pg.Pool
  /** For statements that may take long. */
  lists: pg.Pool
  completeJob: (clientSystemId: string) => CompleteJob
  log: Log
}

export function createWorker({ config, pool, lists, completeJob, log }: WorkerOptions): Worker {
  const db = drizzle(pool)
  const active = new Map<string, AbortController>()
  const redact = createRedact(config.secrets)
  let stopping = false

  async function work(clientSystem: ClientSystem, job: Job): Promise<void> {
    const ending = new AbortController()
    const { totalMs: total } = clientSystem.timeouts
    const timer = setTimeout(() => ending.abort(timedOut(total)), total)
    const lost = () => ending.abort(claimLost())
    job.signal.addEventListener('abort', lost)
    active.set(job.id, ending)
    if (stopping) ending.abort(shuttingDown())
    try {
      const run = await findRunToWork(db, job.id)
      if (!run) return
      const outcome = await runSync(run, {
        clientSystem,
        syncDatabase: config.syncDatabase,
        pool,
        completeJob: completeJob(clientSystem.id),
        signal: ending.signal,
        redact,
        log,
      })
      logOutcome(log, run, outcome)
      if (outcome.status === 'succeeded') {
        correctCollection(run, outcome.result)
        void correctListing(run)
      }
      if (outcome.status === 'ended') logByRow(log, await findRun(db, run.id))
    } catch (err) {
      log.error({ err, runId: job.id }, 'the end of a run could not be recorded; the reaper will record it')
    } finally {
      clearTimeout(timer)
      job.signal.removeEventListener('abort', lost)
      active.delete(job.id)
    }
  }

  /**
   * Continues after the run, which must not wait for collectors. Every full read corrects what a killed worker left, and a
   * start has one.
   */
  function correctCollection({ id, clientSystemId }: Run, { counts, readMode }: RunResult): void {
    if (readMode !== 'full' && counts.updated + counts.deleted === 0) return
    void refreshCollection(lists, clientSystemId, readMode === 'full' ? null : id).catch((err) => {
      if (!stopping) log.warn({ err, clientSystem: clientSystemId }, 'the collection states could not be corrected')
    })
  }

  /** Goes on after the run, too. What a worker that was killed left is corrected after the next run. */
  async function correctListing({ clientSystemId }: Run): Promise<void> {
    try {
      const unlisted = await findUnlisted(lists, clientSystemId)
      if (unlisted === null) return
      await listAnew(lists, clientSystemId)
      await markListed(lists, clientSystemId, unlisted)
    } catch (err) {
      if (!stopping) log.warn({ err, clientSystem: clientSystemId }, 'the list of meters could not be corrected')
    }
  }

  async function ended(runId: string): Promise<void> {
    if (!active.has(runId)) return
    try {
      const run = await findRun(db, runId)
      if (run?.finishedAt) active.get(runId)?.abort(cancelled())
    } catch (err) {
      // The run notices it when it records its end.
      log.debug({ err, runId }, 'a notification that a run ended could not be checked')
    }
  }

  return withLifetime({ work, ended }, () => {
    stopping = true
    for (const ending of active.values()) ending.abort(shuttingDown())
  })
}

function logOutcome(log: Log, run: Run, outcome: Outcome): void {
  const about = { runId: run.id, clientSystem: run.clientSystemId, trigger: run.trigger }
  if (outcome.status === 'succeeded') {
    const { counts, readMode, readReason, timings } = outcome.result
    const durationMs = Object.values(timings).reduce((sum, milliseconds) => sum + milliseconds, 0)
    log.info(
      { ...about, ...counts, readMode, ...(readReason && { readReason: readReasonWords(readReason) }), durationMs },
      'meter sync succeeded',
    )
    const { verdict } = outcome
    if (verdict.deletions === 'withhold') {
      const { reason, hint } = verdict
      log.warn({ ...about, withheld: counts.withheld, reason: withheldWords(reason), hint }, 'deletions withheld')
    }
    const { rejectedBecause, baseline } = outcome.result
    if (baseline.sameMetersAs !== null && readMode === 'full') {
      const hint = `If CLIENT_SYSTEM_ID was changed, set it back to ${baseline.sameMetersAs}: its meters hold the readings so far`
      log.warn({ ...about, sameMetersAs: baseline.sameMetersAs, hint }, 'an older Client System has the same meters')
    }
    if (rejectedBecause) {
      const { reason, example } = rejectedBecause
      const hint = 'Correct the rows in the Client System; the rejected rows of the run list them'
      log.warn({ ...about, rejected: counts.rejected, reason: rejectionWords(reason), example, hint }, 'rows rejected')
    }
  } else if (outcome.status !== 'ended') {
    const { code, message, hint } = outcome.error
    log.error({ ...about, code, error: message, hint, err: outcome.cause }, 'meter sync failed')
  }
}

/** Logs the outcome from the run's row: another process ended the run, or the answer to its COMMIT was lost. */
function logByRow(log: Log, run: Run | null): void {
  const about = { runId: run?.id, clientSystem: run?.clientSystemId, trigger: run?.trigger, code: run?.error?.code }
  if (run?.status === 'succeeded') log.info({ ...about, ...run.counts, readMode: run.readMode }, 'meter sync succeeded')
  else log.warn({ ...about, status: run?.status }, 'meter sync ended elsewhere')
}

function timedOut(milliseconds: number): AgentError {
  return new AgentError('timeout', `The run took longer than ${milliseconds / 1_000} s`, {
    hint: 'Look for what is slow, or raise RUN_TIMEOUT_SECONDS',
  })
}

function claimLost(): AgentError {
  return new AgentError('lease_lost', "The worker's claim on this run was lost", {
    hint: 'Look for a worker that was frozen or disconnected from the Sync database; the next run starts from the beginning',
  })
}

function shuttingDown(): AgentError {
  return new AgentError('shutting_down', 'The agent was stopped while the run was active', {
    hint: 'Nothing was changed; the run at the next start covers it',
  })
}
