import { describeSystemError } from './system-error.ts'

/** The reasons why a run ends without success: a closed list. docs/operate.md describes each and its remedy. */
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

/** The reasons why a request is refused: a closed list, the same over HTTP and MCP. */
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
  | 'deletions_changed'
  | 'database_unavailable'
  | 'unavailable'
  | 'internal'

type Details = { hint?: string | undefined; cause?: unknown }

/** An error that people see. `message` says what failed and why, `hint` what to do next; `code` is from a closed list. */
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

/** The error for a run or a meter that does not exist. Its hint names the route that lists them. */
export class NotFoundError extends AgentError<'not_found'> {
  readonly what: 'run' | 'meter'

  constructor(what: 'run' | 'meter', name: string | number) {
    super('not_found', `There is no ${what} ${name}`, { hint: `List them with GET /api/${what}s` })
    this.what = what
  }
}

/** The error for a request that came too soon. A client may repeat it after `waitSeconds`. */
export class TooManyRequestsError extends AgentError<'too_many_requests'> {
  readonly waitSeconds: number

  constructor(message: string, waitSeconds: number) {
    super('too_many_requests', message, { hint: `Try again in ${waitSeconds} s` })
    this.waitSeconds = waitSeconds
  }
}

/** Invalid configuration, found at start. `errors` has one line for each error; the process exits with status 78. */
export class ConfigError extends Error {
  readonly errors: readonly string[]

  constructor(errors: readonly string[]) {
    super(errors.join('\n'))
    this.name = 'ConfigError'
    this.errors = errors
  }
}

/**
 * Returns the SQLSTATE or system error code of an error, or of its cause; null when there is none. Branch on this code,
 * never on the text of a message.
 */
export function errorCode(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null
  if ('code' in error && typeof error.code === 'string') return error.code
  return 'cause' in error ? errorCode(error.cause) : null
}

/**
 * Returns the message of any thrown value. For a failed query this is the reason without the text of the query; for a
 * network error plain words come first.
 */
export function errorMessage(error: unknown): string {
  if (error instanceof Error && error.constructor.name === 'DrizzleQueryError' && error.cause) {
    return errorMessage(error.cause)
  }
  if (error instanceof AggregateError && error.message === '') return error.errors.map(errorMessage).join('; ')
  return error instanceof Error ? (describeSystemError(error) ?? error.message) : String(error)
}

/** Describes the issues of a zod schema in one sentence, each after the path of its value. */
export function describeIssues(issues: readonly { path: readonly PropertyKey[]; message: string }[]): string {
  return issues
    .map(({ path, message }) => (path.length > 0 ? `${path.map(String).join('.')}: ${message}` : message))
    .join('; ')
}

/** SQLSTATEs for values that PostgreSQL refuses: invalid times, invalid offsets, and text with a zero byte. */
const malformed = new Set(['22007', '22008', '22009', '22021'])

/** Returns true when PostgreSQL refused a value that the caller sent. */
export function isMalformed(error: unknown): boolean {
  return malformed.has(errorCode(error) ?? '')
}

/**
 * Returns true when the connection to PostgreSQL was lost or could not be made. These are system errors, SQLSTATEs that
 * begin with 08 or 57P, 25P03, 53300, and the driver's own errors, which have no code: among them its query timeout.
 */
export function isConnectionLoss(error: unknown): boolean {
  const code = errorCode(error)
  if (code === null) return rootOf(error) instanceof Error && rootOf(error)?.constructor === Error
  return (
    code.startsWith('08') || code.startsWith('57P') || code === '25P03' || code === '53300' || /^E[A-Z]+$/.test(code)
  )
}

/** Returns the error of the driver, which the query builder wraps. */
function rootOf(error: unknown): unknown {
  return error instanceof Error && error.constructor.name === 'DrizzleQueryError' ? error.cause : error
}

/**
 * Returns true when the Sync database answers but cannot do the work now: a lock timeout, a statement timeout, a
 * deadlock, or a full disk.
 */
export function isBusy(error: unknown): boolean {
  return ['55P03', '57014', '53100', '40P01'].includes(errorCode(error) ?? '')
}
