import pg from 'pg'
import type { DatabaseTarget } from '../config/targets.ts'
import type { Log } from '../lib/log.ts'
import { connectionOptions } from './connect.ts'
import { configure, sessionSettings } from './session-settings.ts'
import { type SilenceWatch, watchSilence } from './silence.ts'
import { destroySocket } from './socket.ts'

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
  /** Runs `work` while the server waits for data of the client, so that this wait does not count as silence (silence.ts). */
  pause: SilenceWatch['pause']
}

/** The application name of the sessions of runs, by which others find them in pg_stat_activity. */
export const runApplication = 'meter-sync-agent run'

/** The maximum time to open a session. */
const openTimeoutMs = 10_000

export type SessionOptions = {
  /** The maximum time of the whole run. */
  runTimeoutMs: number
  signal: AbortSignal
  /** The pool over which the server process of this session is looked up when it stops responding. */
  pool: pg.Pool
  log: Log
}

/**
 * Opens a session of the Sync database for one run. Throws the error of the driver, or the reason of `signal` where that has
 * aborted before.
 */
export async function openSession(
  target: DatabaseTarget,
  { runTimeoutMs, signal, pool, log }: SessionOptions,
): Promise<Session> {
  signal.throwIfAborted()
  const client = new pg.Client(
    connectionOptions(target, { application: runApplication, connectTimeoutMs: openTimeoutMs }),
  )
  let alive = true
  const recordLoss = () => {
    alive = false
  }
  client.on('error', recordLoss)
  client.on('end', recordLoss)
  const destroy = () => destroySocket(client)
  const timer = setTimeout(destroy, openTimeoutMs)
  signal.addEventListener('abort', destroy)
  try {
    await client.connect()
    await configure(client, runSettings(runTimeoutMs))
    const pid = await preferTemporaryTables(client)
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

/**
 * How much longer than the agent the server waits before it ends a run's session. The agent should end it first, because
 * the run then fails with `timeout` and not with a lost connection.
 */
const serverMarginMs = 60_000

/**
 * Returns the settings of a run's session. Every timeout is set, because the default of a role could end a run that is valid.
 */
function runSettings(runTimeoutMs: number): Record<string, string> {
  const timeoutMs = String(runTimeoutMs + serverMarginMs)
  return {
    ...sessionSettings,
    lock_timeout: '5s',
    statement_timeout: timeoutMs,
    idle_in_transaction_session_timeout: timeoutMs,
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
  }
}

/**
 * Puts temporary tables first, and returns the process id of the session. Where search_path has pg_temp last, another table of
 * the same name would be used.
 */
async function preferTemporaryTables(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>(
    `select pg_backend_pid() as pid,
       set_config('search_path', concat_ws(', ', 'pg_temp', nullif(current_setting('search_path'), '')), false)`,
  )
  return rows[0]?.pid ?? 0
}
