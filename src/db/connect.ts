import { readFileSync } from 'node:fs'
import pg from 'pg'
import type { DatabaseTarget } from '../config/targets.ts'
import type { Log } from '../lib/log.ts'
import { destroySocket, type SilenceWatch, watchSilence } from './silence.ts'

/** Anything that can run a statement: a pool, a session, or the client of a transaction. */
export type Queryable = Pick<pg.ClientBase, 'query'>

/** A dedicated connection, not from a pool. */
export type Session = {
  client: pg.Client
  /** Process id of the server process, as in pg_stat_activity. */
  pid: number
  /** False when the connection is lost. */
  alive: () => boolean
  close: () => Promise<void>
  /** Closes the socket at once, without a message to the server; for a server that does not answer. */
  destroy: () => void
  /** Runs `work` while it is correct that the server waits for the client (silence.ts). */
  pause: SilenceWatch['pause']
}

/** The application name of the sessions of runs, by which others find them in pg_stat_activity. */
export const runApplication = 'meter-sync-agent run'

/** The maximum time to open a session. */
const openTimeoutMs = 10_000

export type ConnectionOptions = { application: string; connectTimeoutMs: number }

/** Returns the options of the driver for a target. */
export function connectionOptions(
  target: DatabaseTarget,
  { application, connectTimeoutMs: connectMilliseconds }: ConnectionOptions,
) {
  return {
    connectionString: target.url,
    ssl:
      target.tls === 'unverified'
        ? { rejectUnauthorized: false }
        : target.tls && { rejectUnauthorized: true, ca: target.tls.ca },
    application_name: application,
    connectionTimeoutMillis: connectMilliseconds,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  }
}

/**
 * Settings that change how a value is written as text. Every session of the Sync database sets them, because a role or a
 * database may have other defaults: `DateStyle = SQL, DMY` would swap days and months.
 */
const textSettings = {
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '1',
  bytea_output: 'hex',
  standard_conforming_strings: 'on',
}

/**
 * Settings of every session of the Sync database. The server then ends a session soon after its client has disappeared.
 * With its defaults it would notice that after two hours, or after 15 minutes while it sends data.
 */
export const sessionSettings = {
  ...textSettings,
  client_connection_check_interval: '500ms',
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '30s',
}

/** Sets up a new connection of pg-boss's pool. */
export async function configureQueueConnection(client: pg.ClientBase): Promise<void> {
  await configure(client, sessionSettings)
}

/** Sets up the connection that migrates. The timeouts of its role are disabled, so that they cannot interrupt a migration. */
export async function configureMigration(client: pg.ClientBase): Promise<void> {
  await configure(client, {
    ...textSettings,
    statement_timeout: '0',
    lock_timeout: '10s',
    idle_in_transaction_session_timeout: '0',
    transaction_timeout: '0',
  })
}

/**
 * How much longer than the agent the server waits before it ends a run's session. The agent should end it first, because
 * the run then fails with `timeout` and not with a lost connection.
 */
const serverMarginMs = 60_000

export type SessionOptions = {
  /** The maximum time of the whole run. */
  runTimeoutMs: number
  signal: AbortSignal
  /** The pool over which the server process of this session is looked up when it stops responding. */
  pool: pg.Pool
  log: Log
}

/**
 * Opens a session of the Sync database for one run. It sets every timeout, because the defaults of a role could end the
 * session while the Client System computes. Throws the error of the driver.
 */
export async function openSession(
  target: DatabaseTarget,
  { runTimeoutMs: milliseconds, signal, pool, log }: SessionOptions,
): Promise<Session> {
  signal.throwIfAborted()
  const client = new pg.Client(
    connectionOptions(target, { application: runApplication, connectTimeoutMs: openTimeoutMs }),
  )
  let alive = true
  client.on('error', () => {
    alive = false
  })
  client.on('end', () => {
    alive = false
  })
  const destroy = () => destroySocket(client)
  const timer = setTimeout(destroy, openTimeoutMs)
  signal.addEventListener('abort', destroy)
  try {
    await client.connect()
    await configure(client, {
      ...sessionSettings,
      lock_timeout: '5s',
      statement_timeout: String(milliseconds + serverMarginMs),
      idle_in_transaction_session_timeout: String(milliseconds + serverMarginMs),
      transaction_timeout: '0',
      work_mem: '64MB',
      temp_buffers: '32MB',
      // The meters are likely in memory: ten thousand of a million are looked up through an index, a hundred thousand are not.
      random_page_cost: '2',
      // The statements of a run are few, and compiling them costs more than it saves.
      jit: 'off',
      // For ANALYZE of temporary tables. Their joins are on unique keys, so more statistics would not improve a plan.
      default_statistics_target: '10',
      default_transaction_isolation: 'read committed',
    })
    const { rows } = await client.query<{ pid: number }>(`
      select pg_backend_pid() as pid,
        -- Temporary tables first: where search_path has pg_temp last, another table of the same name would be used.
        set_config('search_path', concat_ws(', ', 'pg_temp', nullif(current_setting('search_path'), '')), false)`)
    const pid = rows[0]?.pid ?? 0
    const watch = watchSilence(client, { pid, pool, unreachableMs: 10_000, log })
    const close = async () => void (await client.end().catch(() => undefined))
    return { client, pid, alive: () => alive, close, destroy, pause: (work) => watch.pause(work) }
  } catch (error) {
    destroy()
    throw error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', destroy)
  }
}

/** An SQL condition that leaves out a setting of `pg_settings s` that servers on Windows list but cannot set. */
export const settableCondition = `not (s.name = 'client_connection_check_interval' and version() ~* 'windows|visual c|mingw|msvc')`

/** Sets those of the settings that this server knows. Older servers lack some of them. */
export async function configure(client: pg.ClientBase, settings: Record<string, string>): Promise<void> {
  const setting = {
    text: `select set_config(s.name, v.value, false)
     from unnest($1::text[], $2::text[]) v(name, value)
     join pg_settings s on s.name = v.name
     where ${settableCondition}`,
    values: [Object.keys(settings), Object.values(settings)],
    query_timeout: 4_000,
  }
  await client.query(setting)
}

/**
 * Returns the text of a `.sql` file in the directory of a module. The constant carries the name of the file:
 * `const writeChanges = sqlBeside(import.meta.url, 'write-changes.sql')`.
 */
export function sqlBeside(module: string, name: string): string {
  return readFileSync(new URL(name, module), 'utf8')
}

/** The key of the advisory lock that a run's session holds, as an SQL expression; $1 is the id of the Client System. */
export const lockKey = `hashtextextended('meter-sync-agent:' || $1::text, 0)`
