import { describeSystemError } from './system-error.ts'

/** Why a run ended without success. A closed set: docs/operate.md says what to do about each. */
export const runErrorCodes = [
  'source_unreachable',
  'source_auth',
  'source_tls',
  'source_query',
  'source_data',
  'source_timeout',
  'source_lost',
  'same_database',
  'proof_failed',
  'database_error',
  'database_busy',
  'disk_full',
  'worker_lost',
  'lease_lost',
  'cancelled',
  'timeout',
  'shutting_down',
  'internal',
] as const
export type RunErrorCode = (typeof runErrorCodes)[number]

/** Why a request was refused. */
export type RequestErrorCode =
  | 'bad_request'
  | 'unauthorized'
  | 'forbidden_host'
  | 'forbidden_origin'
  | 'forbidden_scope'
  | 'not_found'
  | 'method_not_allowed'
  | 'request_timeout'
  | 'too_large'
  | 'too_many_requests'
  | 'run_active'
  | 'run_finished'
  | 'database_unavailable'
  | 'unavailable'
  | 'internal'

type Details = { hint?: string | undefined; cause?: unknown }

/** An error that people see: a code from a closed set, what was being done, what to do next, and the cause. */
export class AgentError<Code extends string = RunErrorCode | RequestErrorCode> extends Error {
  readonly code: Code
  readonly hint: string | null

  constructor(code: Code, message: string, { hint, cause }: Details = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'AgentError'
    this.code = code
    this.hint = hint ?? null
  }
}

/** A run or a meter that is not there. Its hint says where HTTP lists them. */
export class NotFoundError extends AgentError<'not_found'> {
  readonly what: 'run' | 'meter'

  constructor(what: 'run' | 'meter', name: string | number) {
    super('not_found', `There is no ${what} ${name}`, { hint: `GET /api/${what}s lists them` })
    this.what = what
  }
}

/** A fault of the configuration, found at start: every fault in one message. The process exits with status 78. */
export class ConfigError extends Error {
  readonly errors: readonly string[]

  constructor(faults: readonly string[]) {
    super(faults.join('\n'))
    this.name = 'ConfigError'
    this.errors = faults
  }
}

/** The SQLSTATE or system error code of whatever was thrown or caused it, or null. Branch on this, never on message text. */
export function errorCode(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null
  if ('code' in error && typeof error.code === 'string') return error.code
  return 'cause' in error ? errorCode(error.cause) : null
}

/** The message of whatever was thrown: of a query that failed why, not its text; of a network in plain words first. */
export function errorMessage(error: unknown): string {
  if (error instanceof Error && error.constructor.name === 'DrizzleQueryError' && error.cause) {
    return errorMessage(error.cause)
  }
  if (error instanceof AggregateError && error.message === '') return error.errors.map(errorMessage).join('; ')
  return error instanceof Error ? (describeSystemError(error) ?? error.message) : String(error)
}

/** What a schema found wrong, in one sentence: each fault behind the place of its value. */
export function describeIssues(issues: readonly { path: readonly PropertyKey[]; message: string }[]): string {
  return issues
    .map(({ path, message }) => (path.length > 0 ? `${path.map(String).join('.')}: ${message}` : message))
    .join('; ')
}

/** Times and offsets that are none, and text with a zero byte: what a caller sent and PostgreSQL refused. */
const malformed = new Set(['22007', '22008', '22009', '22021'])

export function isMalformed(error: unknown): boolean {
  return malformed.has(errorCode(error) ?? '')
}

/**
 * True for system errors, for the classes 08, 25P03 and 57P of SQLSTATE, and for the driver's own errors, which have no
 * code: a query that was not answered in time among them.
 */
export function isConnectionLoss(error: unknown): boolean {
  const code = errorCode(error)
  if (code === null) return rootOf(error) instanceof Error && rootOf(error)?.constructor === Error
  return (
    code.startsWith('08') || code.startsWith('57P') || code === '25P03' || code === '53300' || /^E[A-Z]+$/.test(code)
  )
}

/** The query builder wraps what the driver threw. */
function rootOf(error: unknown): unknown {
  return error instanceof Error && error.constructor.name === 'DrizzleQueryError' ? error.cause : error
}

/** A lock that was not to be had, a statement that took too long, no room: the Sync database answers, but cannot now. */
export function isBusy(error: unknown): boolean {
  return ['55P03', '57014', '53100', '40P01'].includes(errorCode(error) ?? '')
}
