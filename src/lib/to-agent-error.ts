import { AgentError, errorMessage, isBusy, isConnectionLoss, isMalformed } from './errors.ts'
import type { Log } from './log.ts'

/**
 * Converts anything that was thrown while a request was served to an error that the client may see. Invalid values give
 * `bad_request`; a Sync database that is down or busy gives `database_unavailable`. Anything else gives `internal`, and
 * only the log has the cause. `about` goes into the log line.
 */
export function toAgentError(thrown: unknown, log: Log, about: Record<string, string>): AgentError {
  if (thrown instanceof AgentError) return thrown
  if (isMalformed(thrown)) {
    const hint = 'Correct the request and send it again'
    return new AgentError('bad_request', 'A value in the request is invalid', { hint, cause: thrown })
  }
  const err = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown
  if (isConnectionLoss(err)) {
    log.warn({ err, ...about }, 'a request failed because the Sync database is not reachable')
    const hint = 'Check that the PostgreSQL server of DATABASE_URL is running; GET /readyz answers 200 when it is back'
    return new AgentError('database_unavailable', 'The Sync database does not answer', { hint, cause: thrown })
  }
  if (isBusy(err)) {
    log.warn({ err, ...about }, 'a request failed because the Sync database is busy or full')
    const hint = 'Check pg_stat_activity for locks and the disk of the Sync database for free space; then try again'
    const message = `The Sync database cannot process the request now: ${errorMessage(err)}`
    return new AgentError('database_unavailable', message, { hint, cause: thrown })
  }
  log.error({ err: thrown, ...about }, 'a request failed')
  return new AgentError('internal', 'The request failed because of an internal error', {
    hint: 'Look for the cause in the log of the agent',
    cause: thrown,
  })
}
