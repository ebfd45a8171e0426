import { setTimeout } from 'node:timers/promises'
import { AgentError, isBusy, isConnectionLoss } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'

const retryMs = 2_000

/** A warning is logged at the first failure, and then at every 15th: twice a minute. */
const attemptsPerWarning = 15

/**
 * Repeats `work` while the Sync database is not available or busy. Throws its error once `signal` aborts, and any other
 * error.
 */
export async function whenAvailable<T>(
  { log, signal }: { log: Log; signal: AbortSignal | undefined },
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work()
    } catch (err) {
      if (!isUnavailable(err) || signal?.aborted) throw err
      if (attempt % attemptsPerWarning === 0)
        log.warn(
          { err, ...(err instanceof AgentError && { hint: err.hint }) },
          'waiting for the Sync database; check DATABASE_URL and the server if this stays',
        )
      await setTimeout(retryMs, undefined, { signal }).catch(() => undefined)
    }
  }
}

/** Returns true when the Sync database may answer later. Any other error needs a person to correct its cause. */
function isUnavailable(error: unknown): boolean {
  return (
    (error instanceof AgentError && error.code === 'database_unavailable') || isConnectionLoss(error) || isBusy(error)
  )
}
