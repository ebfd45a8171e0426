import { encodingHint } from '../db/source-errors.ts'
import { AgentError, errorCode, errorMessage } from '../errors.ts'
import type { Phase, Run, RunError, RunStatus } from '../events.ts'
import type { Redact } from '../log.ts'

export type Failure = {
  status: Exclude<RunStatus, 'queued' | 'running' | 'succeeded'>
  error: RunError
  /** Milliseconds in each phase that it came to; null before the first. */
  timings: Partial<Record<Phase, number>> | null
  readMode: Run['readMode']
  cause: unknown
}

const interrupting = new Set(['shutting_down', 'lease_lost', 'worker_lost'])

/**
 * What a run that threw ends with. An aborted signal's reason comes first: whatever broke, broke because of it.
 * What is not an AgentError came from the Sync database or is a fault of this program. What it says holds no secret.
 */
export function failureOf(
  thrown: unknown,
  signal: AbortSignal,
  redact: Redact,
  { timings, readMode }: Pick<Failure, 'timings' | 'readMode'> = { timings: null, readMode: null },
): Failure {
  const fit = (text: string) => cut(redact(text))
  const error = signal.aborted && signal.reason instanceof AgentError ? signal.reason : asAgentError(thrown)
  const status = interrupting.has(error.code) ? 'interrupted' : error.code === 'cancelled' ? 'cancelled' : 'failed'
  const { code, message, hint } = error
  return {
    status,
    error: { code, message: fit(message), hint: hint === null ? null : fit(hint) },
    timings,
    readMode,
    cause: thrown,
  }
}

/** A server's message can quote megabytes, a hint the whole query: an event must stay small. */
function cut(text: string): string {
  return text.length > 4_000 ? `${text.slice(0, 4_000)}…` : text
}

function asAgentError(thrown: unknown): AgentError {
  if (thrown instanceof AgentError) return thrown
  const code = errorCode(thrown)
  const message = errorMessage(thrown)
  const cause = { cause: thrown }
  switch (code) {
    case '22021':
    case '22P05':
      return new AgentError('source_data', `The Client System sent bytes that are no text: ${message}`, {
        ...cause,
        hint:
          code === '22P05'
            ? 'A json value within an array or a row holds \\u0000, which no text can; leave it out in CLIENT_SYSTEM_QUERY'
            : encodingHint,
      })
    case '53100':
      return new AgentError('disk_full', `The Sync database has no room left: ${message}`, {
        ...cause,
        hint: 'Make room on the disk of the Sync database; the next run starts afresh',
      })
    case '55P03':
    case '40P01':
      return new AgentError('database_busy', `A lock in the Sync database was not to be had: ${message}`, {
        ...cause,
        hint: 'Find who holds it in pg_stat_activity and pg_locks; the next run tries again',
      })
  }
  if (code === null && !isDriverError(thrown)) {
    return new AgentError('internal', `Unexpected: ${message}`, {
      ...cause,
      hint: 'Look at the log; this is a fault of the agent',
    })
  }
  return new AgentError('database_error', `The Sync database failed: ${message}`, {
    ...cause,
    hint: 'Check that the Sync database is up and its log; the next run starts afresh',
  })
}

/** The driver tells a connection that was lost by a plain Error without a code. */
function isDriverError(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.constructor === Error
}
