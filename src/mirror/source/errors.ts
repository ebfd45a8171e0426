import { connectHints } from '../../db/connect-hints.ts'
import { AgentError, errorCode, errorMessage, type RunErrorCode } from '../../lib/errors.ts'

const garbled = new Set(['22021', '22P05'])

/** SQLSTATE classes: what the query itself is guilty of, as of 08P01: a parameter in it. All else ended it from outside. */
const queryClasses = new Set([
  '0A',
  '20',
  '21',
  '22',
  '25',
  '28',
  '2F',
  '34',
  '38',
  '39',
  '3D',
  '3F',
  '42',
  '44',
  '54',
  'P0',
])

export type ConnectFailure = {
  name: string
  /** The URL without its password. */
  place: string
  /** TLS is wanted and was not there yet. */
  untrusted: boolean
  /** The server asked for a password and the URL has none; the driver then throws an error of its own. */
  unanswered: boolean
  /** What answers where PostgreSQL should: an HTTP server, … */
  foreign: string | null
}

export function connectError(error: unknown, failure: ConnectFailure): AgentError {
  if (error instanceof AgentError) return error
  const { name, place, untrusted, unanswered, foreign } = failure
  const fail = (code: RunErrorCode, message: string, hint: string) =>
    new AgentError(code, message, { hint, cause: error })
  const code = errorCode(error)
  const hints = connectHints('CLIENT_SYSTEM_URL', place)
  if (foreign !== null) {
    return fail(
      'source_unreachable',
      `Cannot connect to ${name}: ${foreign} answers there, not PostgreSQL`,
      hints.notPostgres,
    )
  }
  if (code === null && unanswered) {
    return fail('source_auth', `${name} asks for a password, and CLIENT_SYSTEM_URL has none`, hints.missingPassword)
  }
  const hint = hints.bySqlState(code)
  if (code?.startsWith('28') || code === '42501') {
    return fail('source_auth', `${name} refused the login: ${errorMessage(error)}`, hint ?? hints.general)
  }
  const system = code !== null && /^E[A-Z]+(_[A-Z]+)?$/.test(code) && !code.startsWith('ERR_') && code !== 'EPROTO'
  const refusedByServer = code !== null && /^[0-9A-Z]{5}$/.test(code)
  if (untrusted && !system && !refusedByServer) {
    return fail('source_tls', `No trusted connection to ${name}: ${errorMessage(error)}`, hints.tls)
  }
  return fail('source_unreachable', `Cannot connect to ${name}: ${errorMessage(error)}`, hint ?? hints.general)
}

/** `role` is the user of the connection, for whom rights are granted. */
export function sourceError(
  error: unknown,
  { name, role, doing }: { name: string; role: string; doing: string },
): AgentError {
  if (error instanceof AgentError) return error
  const code = errorCode(error)
  const fail = (as: RunErrorCode, message: string, hint: string) =>
    new AgentError(as, `${message}: ${errorMessage(error)}`, { hint: withServersHint(hint, error), cause: error })
  if (code !== null && garbled.has(code))
    return fail('source_data', `${name} holds bytes that are no text`, encodingHint)
  if (code === '42501') {
    return fail(
      'source_query',
      `${name} refused the query`,
      `Grant what CLIENT_SYSTEM_QUERY reads: grant usage on schema SCHEMA to ${role}; grant select on TABLE to ${role}`,
    )
  }
  if (code === '55P03') {
    return fail(
      'source_timeout',
      `A table of the query is locked at ${name}`,
      'Find the session that holds the lock, in pg_locks and pg_stat_activity there; the next run reads again',
    )
  }
  if (code !== null && /^[0-9A-Z]{5}$/.test(code) && (queryClasses.has(code.slice(0, 2)) || code === '08P01')) {
    return fail('source_query', `${name} refused the query`, queryHints[code] ?? 'Correct CLIENT_SYSTEM_QUERY')
  }
  const hint = lostHints[code ?? ''] ?? 'The connection broke or the server ended the query; the next run reads again'
  return fail('source_lost', `${name} was lost while ${doing}`, hint)
}

/** What PostgreSQL itself advises, such as the column that is perhaps meant. */
function withServersHint(hint: string, error: unknown): string {
  const given = error instanceof Error && 'hint' in error && typeof error.hint === 'string' ? error.hint : null
  return given === null ? hint : `${hint}. PostgreSQL advises: ${given}`
}

export const encodingHint =
  'Name the encoding of the column in CLIENT_SYSTEM_QUERY, for example: ' +
  "convert_from(convert(convert_to(name, 'SQL_ASCII'), 'LATIN1', 'UTF8'), 'SQL_ASCII') as name"

const writes = 'Write one SELECT in CLIENT_SYSTEM_QUERY; it must not change anything'

const queryHints: Record<string, string> = {
  '0A000': writes,
  '25006': writes,
  '42P01': 'Check the name of the table in CLIENT_SYSTEM_QUERY; write schema.table where it is in another schema',
  '42703': 'Check the names of the columns in CLIENT_SYSTEM_QUERY; a name with capitals stands in double quotes',
  '42601': 'Write one SELECT in CLIENT_SYSTEM_QUERY, as psql takes it; without psql commands and placeholders',
}

const standby =
  'A standby ended the query because of changes from its primary: raise max_standby_streaming_delay there, set hot_standby_feedback = on, or read the primary'

const lostHints: Record<string, string> = {
  '40001': standby,
  '40P01': standby,
  '57014': 'An administrator or a timeout of the Client System ended the query; the next run reads again',
  '57P01': 'The Client System was restarted or an administrator ended the session; the next run reads again',
  '53100': 'The disk of the Client System is full; make room there',
  '53200': 'The Client System has no memory left; the next run reads again',
}
