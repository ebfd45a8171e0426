import type pg from 'pg'
import { transaction } from '../db/pool.ts'
import { AgentError } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import type { Run } from '../wire/types.ts'
import { type CompleteJob, recordFailure } from './store.ts'

/** Ends an active run as cancelled, wherever it is worked on. Returns false when it had ended before. */
export type CancelRun = (run: Run) => Promise<boolean>

export type CancelOptions = {
  pool: pg.Pool
  completeJob: (clientSystemId: string) => CompleteJob
  log: Log
}

/** The row decides; the worker is notified of it and rolls back, which leaves the meters as they were. */
export function createCancel({ pool, completeJob, log }: CancelOptions): CancelRun {
  return async (run) => {
    const { code, message, hint } = cancelled()
    const failure = { status: 'cancelled' as const, error: { code, message, hint }, timings: null, readMode: null }
    const done = await transaction(pool, (client) =>
      recordFailure(client, run, failure, completeJob(run.clientSystemId)),
    )
    if (done)
      log.info({ runId: run.id, clientSystem: run.clientSystemId, trigger: run.trigger }, 'meter sync cancelled')
    return done
  }
}

/** The reason for which a cancelled run ends. */
export function cancelled(): AgentError {
  return new AgentError('cancelled', 'The run was cancelled', {
    hint: 'Nothing was changed; the next run starts afresh',
  })
}
