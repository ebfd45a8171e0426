import { AgentError, errorCode, errorMessage, type RunErrorCode } from '../lib/errors.ts'
import type { Redact } from '../lib/redact.ts'
import type { RunFailure } from '../runs/store.ts'
import { encodingHint } from './source/errors.ts'

export type Failure = RunFailure & { cause: unknown }

const interrupting = new Set(['shutting_down', 'lease_lost', 'worker_lost'])

/**
 * Returns how a run that threw ends. The reason of an aborted signal comes first, because it caused everything that failed
 * after it. An error that is not an AgentError came from the Sync database or is internal. The result has no secrets.
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

/** Cuts a text, because an event must stay small. A server's message can quote megabytes, and a hint the whole query. */
function cut(text: string): string {
  return text.length > 4_000 ? `${text.slice(0, 4_000)}…` : text
}

type Meaning = { code: RunErrorCode; message: string; hint: string }

const invalidText = { code: 'source_data', message: 'The Client System sent bytes that are not valid text' } as const
const busy: Meaning = {
  code: 'database_busy',
  message: 'Could not acquire a lock in the Sync database',
  hint: 'Find the session that holds it in pg_stat_activity and pg_locks; the next run tries again',
}

/** The meanings of SQLSTATEs of the Sync database for a run. */
const bySqlState: Record<string, Meaning> = {
  '22021': { ...invalidText, hint: encodingHint },
  '22P05': {
    ...invalidText,
    hint: 'A json value within an array or a row contains \\u0000, which text cannot; leave it out in CLIENT_SYSTEM_QUERY',
  },
  '42501': {
    code: 'database_error',
    message: 'The role of DATABASE_URL lacks a right',
    hint: 'Run docs/deploy/grants.sql as the owner of the database; the command check names what is missing',
  },
  '53100': {
    code: 'disk_full',
    message: 'The disk of the Sync database is full',
    hint: 'Free space on the disk of the Sync database; the next run starts from the beginning',
  },
  '53300': {
    code: 'database_error',
    message: 'The Sync database accepts no more sessions',
    hint: 'Close sessions, or raise the connection limit of the role or max_connections; the next run starts from the beginning',
  },
  '55P03': busy,
  '40P01': busy,
}

function asAgentError(thrown: unknown): AgentError {
  if (thrown instanceof AgentError) return thrown
  const code = errorCode(thrown)
  const message = errorMessage(thrown)
  const known = code === null ? undefined : bySqlState[code]
  if (known) return new AgentError(known.code, `${known.message}: ${message}`, { hint: known.hint, cause: thrown })
  if (code === null && !isDriverError(thrown)) {
    const hint = 'Look for the cause in the log of the agent, and report it'
    return new AgentError('internal', `Internal error: ${message}`, { hint, cause: thrown })
  }
  const hint = 'Check that the Sync database is running, and its log; the next run starts from the beginning'
  return new AgentError('database_error', `The Sync database failed: ${message}`, { hint, cause: thrown })
}

/** The driver reports a connection that was lost with a plain Error without a code. */
function isDriverError(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.constructor === Error
}
