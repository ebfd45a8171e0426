import type { Job } from 'pg-boss'
import type { ClientSystem } from '../config/environment.ts'
import type { DatabaseTarget } from '../config/targets.ts'
import { drizzle } from '../db/drizzle.ts'
import type { Pools } from '../db/pools.ts'
import { AgentError } from '../lib/errors.ts'
import { type Lifetime, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import type { Redact } from '../lib/redact.ts'
import { runSync } from '../mirror/run.ts'
import { cancelled } from '../runs/cancel.ts'
import { findRun, findRunToWork } from '../runs/list.ts'
import type { CompleteJob } from '../runs/store.ts'
import { type Corrections, createCorrections } from './corrections.ts'
import { logEndedElsewhere, logOutcome } from './log-outcome.ts'

/**
 * Runs the syncs of the queue's jobs. Ends a run that takes too long, whose lease was lost (pg-boss aborts its job), or that
 * another process ended. A stop ends all runs, and those that come later at once; the queue waits for them.
 */
export type Worker = Lifetime & {
  /** Runs the sync of a job to its end, and logs the outcome. Never throws. */
  work: (clientSystem: ClientSystem, job: Job) => Promise<void>
  /**
   * Stops a run of this process when its row says that another process has ended it. The notification alone does not count,
   * because any role that may connect can send one.
   */
  stopIfEnded: (runId: string) => Promise<void>
}

export type WorkerOptions = {
  syncDatabase: DatabaseTarget
  pools: Pick<Pools, 'short' | 'long'>
  completeJob: CompleteJob
  redact: Redact
  log: Log
}

export function createWorker(options: WorkerOptions): Worker {
  const { pools, log } = options
  const corrections = createCorrections({ pool: pools.long, log })
  /** The controllers that end the runs of this process, by the id of the run. */
  const active = new Map<string, AbortController>()
  let stopping = false

  async function work(clientSystem: ClientSystem, job: Job): Promise<void> {
    const ending = new AbortController()
    const { totalMs } = clientSystem.timeouts
    const timer = setTimeout(() => ending.abort(timedOut(totalMs)), totalMs)
    const abortLost = () => ending.abort(leaseLost())
    job.signal.addEventListener('abort', abortLost)
    active.set(job.id, ending)
    if (stopping) ending.abort(shuttingDown())
    try {
      const { signal } = ending
      await runJob(job.id, { ...options, clientSystem, signal, corrections })
    } finally {
      clearTimeout(timer)
      job.signal.removeEventListener('abort', abortLost)
      active.delete(job.id)
    }
  }

  async function stopIfEnded(runId: string): Promise<void> {
    if (!active.has(runId)) return
    try {
      const run = await findRun(drizzle(pools.short), runId)
      if (run?.finishedAt) active.get(runId)?.abort(cancelled())
    } catch (err) {
      // The run notices it when it records its end.
      log.debug({ err, runId }, 'a notification that a run ended could not be checked')
    }
  }

  return withLifetime({ work, stopIfEnded }, () => {
    stopping = true
    void corrections.stop()
    for (const ending of active.values()) ending.abort(shuttingDown())
  })
}

type JobOptions = WorkerOptions & {
  clientSystem: ClientSystem
  /** Ends the run. Its reason is the AgentError that the run ends with. */
  signal: AbortSignal
  corrections: Corrections
}

/** Runs the sync of a job and logs how it ended. Does nothing when the run no longer exists. Never throws. */
async function runJob(runId: string, options: JobOptions): Promise<void> {
  const { clientSystem, syncDatabase, pools, completeJob, signal, redact, corrections, log } = options
  const pool = pools.short
  const db = drizzle(pool)
  try {
    const run = await findRunToWork(db, runId)
    if (!run) return
    const outcome = await runSync(run, { clientSystem, syncDatabase, pool, completeJob, signal, redact, log })
    if (outcome.status === 'ended') return logEndedElsewhere(log, await findRun(db, runId))
    logOutcome(log, run, outcome)
    if (outcome.status === 'succeeded') corrections.correct(run, outcome.result)
  } catch (err) {
    log.error({ err, runId }, 'the end of a run could not be recorded; the reaper will record it')
  }
}

function timedOut(timeoutMs: number): AgentError {
  return new AgentError('timeout', `The run took longer than ${timeoutMs / 1_000} s`, {
    hint: 'Look for what is slow, or raise RUN_TIMEOUT_SECONDS',
  })
}

function leaseLost(): AgentError {
  return new AgentError('lease_lost', 'The worker lost its lease on this run', {
    hint: 'Look for a worker that was frozen or disconnected from the Sync database; the next run starts from the beginning',
  })
}

function shuttingDown(): AgentError {
  return new AgentError('shutting_down', 'The agent was stopped while the run was active', {
    hint: 'Nothing was changed; the run at the next start covers it',
  })
}
