import { AgentError, errorCode, errorMessage, type RunErrorCode } from '../lib/errors.ts'
import type { Redact } from '../lib/log.ts'
import type { Phase, Run, RunError, RunStatus } from '../wire/types.ts'
import { encodingHint } from './source/errors.ts'

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

type Failing = { code: RunErrorCode; says: string; hint: string }

const garbled = { code: 'source_data', says: 'The Client System sent bytes that are no text' } as const
const busy: Failing = {
  code: 'database_busy',
  says: 'Could not acquire a lock in the Sync database',
  hint: 'Find who holds it in pg_stat_activity and pg_locks; the next run tries again',
}

/** What an SQLSTATE of the Sync database means for a run. */
const failings: Record<string, Failing> = {
  '22021': { ...garbled, hint: encodingHint },
  '22P05': {
    ...garbled,
    hint: 'A json value within an array or a row holds \\u0000, which no text can; leave it out in CLIENT_SYSTEM_QUERY',
  },
  '42501': {
    code: 'database_error',
    says: 'The role of DATABASE_URL lacks a right',
    hint: 'Run docs/deploy/grants.sql as the owner of the database; the command check names what is missing',
  },
  '53100': {
    code: 'disk_full',
    says: 'The Sync database has no room left',
    hint: 'Make room on the disk of the Sync database; the next run starts afresh',
  },
  '53300': {
    code: 'database_error',
    says: 'The Sync database takes no more sessions',
    hint: 'Close sessions, or raise the connection limit of the role or max_connections; the next run starts afresh',
  },
  '55P03': busy,
  '40P01': busy,
}

function asAgentError(thrown: unknown): AgentError {
  if (thrown instanceof AgentError) return thrown
  const code = errorCode(thrown)
  const message = errorMessage(thrown)
  const known = code === null ? undefined : failings[code]
  if (known) return new AgentError(known.code, `${known.says}: ${message}`, { hint: known.hint, cause: thrown })
  if (code === null && !isDriverError(thrown)) {
    const hint = 'Look at the log; this is a fault of the agent'
    return new AgentError('internal', `Unexpected: ${message}`, { hint, cause: thrown })
  }
  const hint = 'Check that the Sync database is up and its log; the next run starts afresh'
  return new AgentError('database_error', `The Sync database failed: ${message}`, { hint, cause: thrown })
}

/** The driver reports a connection that was lost with a plain Error without a code. */
function isDriverError(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.constructor === Error
}
