import { readFileSync } from 'node:fs'
import pg from 'pg'
import type { DatabaseTarget } from '../config/targets.ts'
import type { Log } from '../lib/log.ts'
import { destroySocket, type SilenceWatch, watchSilence } from './silence.ts'

/** Anything that runs a statement: a pool, a session, a transaction's client. */
export type Queryable = Pick<pg.ClientBase, 'query'>

/** One connection of its own, never one of a pool. */
export type Session = {
  client: pg.Client
  /** Process id of its server process, by which the server's views and other sessions know it. */
  pid: number
  /** False once the connection is gone. */
  alive: () => boolean
  close: () => Promise<void>
  /** Cuts the socket without a word: for a server that does not answer. */
  destroy: () => void
  /** Runs `work` while the server rightly waits for the client (silence.ts). */
  pause: SilenceWatch['pause']
}

/** By which the sessions of runs are told from others in the server's views. */
export const runApplication = 'meter-sync-agent run'

/** How long a session may take to open. */
const openTimeoutMs = 10_000

export type ConnectionOptions = { application: string; connectTimeoutMs: number }

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
 * Settings that change how a value reads as text. Every session of the Sync database pins them, because a role or a
 * database may have defaults of its own: `DateStyle = SQL, DMY` would swap days and months.
 */
export const textSettings = {
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '1',
  bytea_output: 'hex',
  standard_conforming_strings: 'on',
}

/**
 * What every session of the Sync database sets: one whose client vanished ends soon. The server's own defaults notice
 * that after two hours, or after a quarter of an hour while data is on its way.
 */
export const sessionSettings = {
  ...textSettings,
  client_connection_check_interval: '500ms',
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '30s',
}

/** Prepares a new connection of the job queue's own pool. */
export async function configureQueueConnection(client: pg.ClientBase): Promise<void> {
  await configure(client, sessionSettings)
}

/** Prepares the connection that migrates: a role's timeouts must not end a migration halfway. */
export async function configureMigration(client: pg.ClientBase): Promise<void> {
  await configure(client, {
    ...textSettings,
    statement_timeout: '0',
    lock_timeout: '10s',
    idle_in_transaction_session_timeout: '0',
    transaction_timeout: '0',
  })
}

/** The server ends a session only after the agent itself should have: a run that takes too long is a timeout. */
const serverMarginMs = 60_000

export type SessionOptions = {
  /** The total time of the run. */
  runTimeoutMs: number
  signal: AbortSignal
  /** Where the server is asked about the session when it falls silent. */
  pool: pg.Pool
  log: Log
}

/**
 * A session of the Sync database for one run. Its timeouts are its own, since a role's defaults would end a run
 * while the source computes.
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
      // For the analyses of a run's temporary tables: their joins are on unique keys, and more would only take time.
      default_statistics_target: '10',
      default_transaction_isolation: 'read committed',
    })
    const { rows } = await client.query<{ pid: number }>(`
      select pg_backend_pid() as pid,
        -- A database may put them last: a run's own tables would then be whatever else has their names.
        set_config('search_path', concat_ws(', ', 'pg_temp', nullif(current_setting('search_path'), '')), false)`)
    const pid = rows[0]?.pid ?? 0
    const watch = watchSilence(client, { pid, pool, unreachableMs: 10_000, log })
    const close = async () => void (await client.end().catch(() => undefined))
    return { client, pid, alive: () => alive, close, destroy, pause: watch.pause }
  } catch (error) {
    destroy()
    throw error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', destroy)
  }
}

/**
 * A server on Windows lists this setting and refuses to set it.
 */
export const settableCondition = `not (s.name = 'client_connection_check_interval' and version() ~* 'windows|visual c|mingw|msvc')`

/** Sets the settings that this server knows; the others are older than it and are left out. */
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

/** The text of a `.sql` file that stands beside the module: `sqlBeside(import.meta.url, 'compare.sql')`. */
export function sqlBeside(module: string, name: string): string {
  return readFileSync(new URL(name, module), 'utf8')
}

/** The advisory lock of a Client System's runs, as the server takes it: held by the session that applies. */
export const lockKey = `hashtextextended('meter-sync-agent:' || $1::text, 0)`
