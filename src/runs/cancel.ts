import type pg from 'pg'
import { transaction } from '../db/pool.ts'
import { AgentError } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import type { Run } from '../wire/types.ts'
import { type CompleteJob, recordFailure } from './store.ts'

/** Cancels an active run, on whichever worker it runs. Returns false when it had already ended. */
export type CancelRun = (run: Run) => Promise<boolean>

export type CancelOptions = {
  pool: pg.Pool
  completeJob: (clientSystemId: string) => CompleteJob
  log: Log
}

/** Returns a function that cancels runs. It only changes the row of the run; the worker is notified and rolls back. */
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

/** Returns the error of a cancelled run. */
export function cancelled(): AgentError {
  return new AgentError('cancelled', 'The run was cancelled', {
    hint: 'Nothing was changed; the next run starts from the beginning',
  })
}
