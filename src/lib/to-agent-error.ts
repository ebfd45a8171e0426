import { AgentError, errorMessage, isBusy, isConnectionLoss, isMalformed } from './errors.ts'
import type { Log } from './log.ts'

/**
 * What was thrown while somebody was answered, as an error to tell: values that nobody can read are theirs, a Sync database
 * that is away or busy is said as that, and anything else is a fault of the agent, whose log says why.
 */
export function toAgentError(thrown: unknown, log: Log, about: Record<string, string>): AgentError {
  if (thrown instanceof AgentError) return thrown
  if (isMalformed(thrown)) {
    const hint = 'Correct the request and send it again'
    return new AgentError('bad_request', 'A value of the request cannot be read', { hint, cause: thrown })
  }
  const err = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown
  if (isConnectionLoss(err)) {
    log.warn({ err, ...about }, 'a request could not reach the Sync database')
    const hint = 'Check that the PostgreSQL of DATABASE_URL is running; GET /readyz tells when it is back'
    return new AgentError('database_unavailable', 'The Sync database does not answer', { hint, cause: thrown })
  }
  if (isBusy(err)) {
    log.warn({ err, ...about }, 'the Sync database could not do what a request asked')
    const hint = 'Look in pg_stat_activity for who holds a lock, and at the disk of the Sync database; then try again'
    const message = `The Sync database cannot do this now: ${errorMessage(err)}`
    return new AgentError('database_unavailable', message, { hint, cause: thrown })
  }
  log.error({ err: thrown, ...about }, 'a request failed')
  return new AgentError('internal', 'The request failed', { hint: 'The log of the agent says why', cause: thrown })
}
