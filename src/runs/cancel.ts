import type pg from 'pg'
import { transaction } from '../db/transaction.ts'
import { AgentError } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import type { Run } from '../wire/types.ts'
import { endRun } from './end.ts'
import type { CompleteJob } from './store.ts'

/** Cancels an active run, on whichever worker it runs. Returns false when it had already ended. */
export type CancelRun = (run: Run) => Promise<boolean>

export type CancelOptions = {
  pool: pg.Pool
  completeJob: CompleteJob
  log: Log
}

/** Returns a function that cancels runs. It only changes the row of the run; the worker is notified and rolls back. */
export function createCancel({ pool, completeJob, log }: CancelOptions): CancelRun {
  return async (run) => {
    const ended = await transaction(pool, (client) => endRun(client, run, 'cancelled', cancelled(), completeJob))
    if (ended) {
      log.info({ runId: run.id, clientSystem: run.clientSystemId, trigger: run.trigger }, 'meter sync cancelled')
    }
    return ended
  }
}

/** Returns the error of a cancelled run. */
export function cancelled(): AgentError {
  return new AgentError('cancelled', 'The run was cancelled', {
    hint: 'Nothing was changed; the next run starts from the beginning',
  })
}
