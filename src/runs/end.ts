import type { Queryable } from '../db/connect.ts'
import type { AgentError } from '../lib/errors.ts'
import { type CompleteJob, type RunRef, recordFailure } from './store.ts'

/**
 * Ends an active run that does not end by its own worker, such as a cancelled one. Returns false when the run had already
 * ended. Call inside a transaction.
 */
export async function endRun(
  db: Queryable,
  run: RunRef,
  status: 'cancelled' | 'interrupted',
  { code, message, hint }: AgentError,
  completeJob: CompleteJob,
): Promise<boolean> {
  const failure = { status, error: { code, message, hint }, timings: null, readMode: null }
  return await recordFailure(db, run, failure, completeJob)
}
