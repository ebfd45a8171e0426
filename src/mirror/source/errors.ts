import { AgentError, errorCode, errorMessage, type RunErrorCode } from '../../lib/errors.ts'

/** What failed: the name of the Client System, the user of the connection, and what the server was doing. */
type Attempt = { name: string; role: string; doing: string }

/** What an error means for a run. `message` is followed by the text of the error. */
type Meaning = {
  code: RunErrorCode
  message: (attempt: Attempt) => string
  hint: string | ((attempt: Attempt) => string)
}

const refused = (hint: Meaning['hint']): Meaning => ({
  code: 'source_query',
  message: ({ name }) => `${name} refused the query`,
  hint,
})
const lost = (hint: string): Meaning => ({
  code: 'source_lost',
  message: ({ name, doing }) => `${name} was lost while ${doing}`,
  hint,
})

export const encodingHint =
  'Name the encoding of the column in CLIENT_SYSTEM_QUERY, for example: ' +
  "convert_from(convert(convert_to(name, 'SQL_ASCII'), 'LATIN1', 'UTF8'), 'SQL_ASCII') as name"

const invalidText: Meaning = {
  code: 'source_data',
  message: ({ name }) => `${name} has bytes that are not valid text`,
  hint: encodingHint,
}
const incorrect = refused('Correct CLIENT_SYSTEM_QUERY')
const writes = refused('Write one SELECT in CLIENT_SYSTEM_QUERY; it must not change anything')
const standby = lost(
  'A standby ended the query because of changes from its primary: raise max_standby_streaming_delay there, set hot_standby_feedback = on, or read the primary',
)

/** The meaning of single SQLSTATEs. */
const bySqlState: Record<string, Meaning> = {
  // The query has a parameter.
  '08P01': incorrect,
  '0A000': writes,
  '22021': invalidText,
  '22P05': invalidText,
  '25006': writes,
  '40001': standby,
  '40P01': standby,
  '42501': refused(
    ({ role }) =>
      `Grant what CLIENT_SYSTEM_QUERY reads: grant usage on schema SCHEMA to ${role}; grant select on TABLE to ${role}`,
  ),
  '42601': refused('Write one SELECT in CLIENT_SYSTEM_QUERY, as psql takes it; without psql commands and placeholders'),
  '42703': refused(
    'Check the names of the columns in CLIENT_SYSTEM_QUERY; write a name with capitals in double quotes',
  ),
  '42P01': refused(
    'Check the name of the table in CLIENT_SYSTEM_QUERY; write schema.table where it is in another schema',
  ),
  '53100': lost('The disk of the Client System is full; make room there'),
  '53200': lost('The Client System has no memory left; the next run reads again'),
  '55P03': {
    code: 'source_timeout',
    message: ({ name }) => `A table of the query is locked at ${name}`,
    hint: 'Find the session that holds the lock, in pg_locks and pg_stat_activity there; the next run reads again',
  },
  '57014': lost('An administrator or a timeout of the Client System ended the query; the next run reads again'),
  '57P01': lost('The Client System was restarted or an administrator ended the session; the next run reads again'),
}

/** The classes of SQLSTATEs that the query itself causes. All others end it from outside. */
const queryClasses = new Set([
  '0A', // feature not supported
  '20', // case not found
  '21', // cardinality violation
  '22', // data exception
  '25', // invalid transaction state
  '28', // invalid authorization
  '2F', // SQL routine exception
  '34', // invalid cursor name
  '38', // external routine exception
  '39', // external routine invocation exception
  '3D', // invalid catalog name
  '3F', // invalid schema name
  '42', // syntax error or access rule violation
  '44', // WITH CHECK OPTION violation
  '54', // program limit exceeded
  'P0', // PL/pgSQL error
])

const connectionLost = lost('The connection broke or the server ended the query; the next run reads again')

/** Returns the error of a run for an error of the source. An AgentError stays as it is. */
export function sourceError(thrown: unknown, attempt: Attempt): AgentError {
  if (thrown instanceof AgentError) return thrown
  const sqlState = errorCode(thrown) ?? ''
  const ofClass = queryClasses.has(sqlState.slice(0, 2)) ? incorrect : connectionLost
  const { code, message, hint } = bySqlState[sqlState] ?? ofClass
  const ownHint = typeof hint === 'string' ? hint : hint(attempt)
  const advice = adviceOf(thrown)
  return new AgentError(code, `${message(attempt)}: ${errorMessage(thrown)}`, {
    hint: advice === null ? ownHint : `${ownHint}. PostgreSQL advises: ${advice}`,
    cause: thrown,
  })
}

/** Returns PostgreSQL's own hint, such as the name of a similar column; null without one. */
function adviceOf(thrown: unknown): string | null {
  return thrown instanceof Error && 'hint' in thrown && typeof thrown.hint === 'string' ? thrown.hint : null
}
