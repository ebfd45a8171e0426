import pg from 'pg'
import type { DatabaseTarget } from '../config/targets.ts'
import { AgentError, errorCode, errorMessage } from '../lib/errors.ts'
import { connectHints } from './connect-hints.ts'
import { type LoginObservation, observeLogin } from './observe-login.ts'

/** Anything that can run a statement: a pool, a session, or the client of a transaction. */
export type Queryable = Pick<pg.ClientBase, 'query'>

export type ConnectionOptions = { application: string; connectTimeoutMs: number }

/** Returns the options of the driver for a target. */
export function connectionOptions(target: DatabaseTarget, { application, connectTimeoutMs }: ConnectionOptions) {
  return {
    connectionString: target.url,
    ssl:
      target.tls === 'unverified'
        ? { rejectUnauthorized: false }
        : target.tls && { rejectUnauthorized: true, ca: target.tls.ca },
    application_name: application,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  }
}

/** Returns the process id of the server process that answers, as in pg_stat_activity. */
export async function findServerProcess(client: Queryable): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  return rows[0]?.pid ?? 0
}

/** Opens a connection outside any pool; the caller closes it. Throws AgentError `database_unavailable` with the reason. */
export async function connectToSyncDatabase(target: DatabaseTarget): Promise<pg.Client> {
  const client = new pg.Client(
    connectionOptions(target, { application: 'meter-sync-agent migrate', connectTimeoutMs: 5_000 }),
  )
  client.on('error', () => undefined)
  const login = observeLogin(client)
  try {
    await client.connect()
  } catch (cause) {
    throw toConnectError(cause, target, login)
  }
  return client
}

/** Returns the error for a connection to the Sync database that could not be opened. */
function toConnectError(cause: unknown, { url }: DatabaseTarget, login: LoginObservation): AgentError {
  const hints = connectHints('DATABASE_URL', url)
  const code = errorCode(cause)
  const foreign = login.otherServer()
  if (foreign !== null) {
    const message = `Cannot connect to the Sync database: ${foreign} answers there, not PostgreSQL`
    return new AgentError('database_unavailable', message, { hint: hints.notPostgres, cause })
  }
  if (code === null && login.passwordMissing()) {
    const message = 'Cannot connect to the Sync database: it requires a password, and DATABASE_URL has none'
    return new AgentError('database_unavailable', message, { hint: hints.missingPassword, cause })
  }
  const hint = hints.bySqlState(code) ?? 'Check DATABASE_URL, that its server is running, and that this role may log in'
  return new AgentError('database_unavailable', `Cannot connect to the Sync database: ${errorMessage(cause)}`, {
    hint,
    cause,
  })
}
