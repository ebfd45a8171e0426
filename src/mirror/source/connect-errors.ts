import { connectHints } from '../../db/connect-hints.ts'
import { AgentError, errorCode, errorMessage, type RunErrorCode } from '../../lib/errors.ts'

/** A failed connection. */
export type ConnectFailure = {
  /** The name of the Client System. */
  name: string
  /** Its URL without the password. */
  place: string
  /** True when TLS is required and was not established. */
  untrusted: boolean
  /** True when the server requires a password and the URL has none. The driver then throws an error of its own. */
  passwordMissing: boolean
  /** The server that answered instead of PostgreSQL, such as "an HTTP server"; null for PostgreSQL. */
  otherServer: string | null
}

type Failure = ConnectFailure & {
  /** The SQLSTATE of the server's refusal, or the code of the system error. */
  code: string | null
  reason: string
}

type Hints = ReturnType<typeof connectHints>

type Rule = {
  applies: (failure: Failure) => boolean
  code: RunErrorCode
  message: (failure: Failure) => string
  hint: (hints: Hints, code: string | null) => string
}

const isSqlState = (code: string | null) => code !== null && /^[0-9A-Z]{5}$/.test(code)
const isSystemError = (code: string | null) =>
  code !== null && /^E[A-Z]+(_[A-Z]+)?$/.test(code) && !code.startsWith('ERR_') && code !== 'EPROTO'
const hintByCode = (hints: Hints, code: string | null) => hints.bySqlState(code) ?? hints.general

/** The first rule that applies classifies the failure. */
const rules: Rule[] = [
  {
    applies: ({ otherServer }) => otherServer !== null,
    code: 'source_unreachable',
    message: ({ name, otherServer }) => `Cannot connect to ${name}: ${otherServer} answers there, not PostgreSQL`,
    hint: ({ notPostgres }) => notPostgres,
  },
  {
    applies: ({ code, passwordMissing }) => code === null && passwordMissing,
    code: 'source_auth',
    message: ({ name }) => `${name} asks for a password, and CLIENT_SYSTEM_URL has none`,
    hint: ({ missingPassword }) => missingPassword,
  },
  {
    applies: ({ code }) => code !== null && (code.startsWith('28') || code === '42501'),
    code: 'source_auth',
    message: ({ name, reason }) => `${name} refused the login: ${reason}`,
    hint: hintByCode,
  },
  {
    applies: ({ code, untrusted }) => untrusted && !isSystemError(code) && !isSqlState(code),
    code: 'source_tls',
    message: ({ name, reason }) => `No trusted connection to ${name}: ${reason}`,
    hint: ({ tls }) => tls,
  },
  {
    applies: () => true,
    code: 'source_unreachable',
    message: ({ name, reason }) => `Cannot connect to ${name}: ${reason}`,
    hint: hintByCode,
  },
]

/** Returns the error of a run for a failed connection. An AgentError stays as it is. */
export function connectError(thrown: unknown, connectFailure: ConnectFailure): AgentError {
  if (thrown instanceof AgentError) return thrown
  const failure = { ...connectFailure, code: errorCode(thrown), reason: errorMessage(thrown) }
  const rule = rules.find(({ applies }) => applies(failure))
  if (!rule) throw new Error('no rule applies to the failed connection')
  const hint = rule.hint(connectHints('CLIENT_SYSTEM_URL', failure.place), failure.code)
  return new AgentError(rule.code, rule.message(failure), { hint, cause: thrown })
}
