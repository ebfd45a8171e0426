import pg from 'pg'
import type { DatabaseTarget } from '../config/targets.ts'
import type { Log } from '../lib/log.ts'
import { withoutRepeats } from '../lib/repeats.ts'
import { withTimeout } from '../lib/timeout.ts'
import { connectionOptions, findServerProcess } from './connect.ts'
import { configure, sessionSettings } from './session-settings.ts'
import { watchSilence } from './silence.ts'

/** `lock_timeout` is longer than an idle transaction can hold a lock, so that one silent client does not fail the others. */
const poolSettings = {
  ...sessionSettings,
  statement_timeout: '30s',
  lock_timeout: '3s',
  idle_in_transaction_session_timeout: '2s',
  // Compiling a statement of a list takes longer than it saves.
  jit: 'off',
}

/** A connection that was idle for longer must answer a ping before it is used. */
const trustedIdleMs = 250
const pingTimeoutMs = 1_000
/** The maximum time to get a connection, including pings of connections that turn out to be dead. */
const acquireTimeoutMs = 4_000

export type PoolOptions = {
  application: string
  max: number
  log: Log
  /** The timeout of one answer. Short where every statement is short: a silent connection then costs no more than this. */
  answerTimeoutMs?: number
  /** For a pool with long statements: the pool over which the server process of a silent connection is looked up. */
  monitor?: pg.Pool
  /** Settings of its sessions, beside those of every pool. */
  settings?: Record<string, string>
}

/** Opens a pool of the Sync database. A broken idle connection is replaced and logged. */
export function openPool(
  target: DatabaseTarget,
  { application, max, log, answerTimeoutMs = 30_000, monitor, settings = {} }: PoolOptions,
): pg.Pool {
  const pool = new CheckedPool({
    ...connectionOptions(target, { application, connectTimeoutMs: acquireTimeoutMs }),
    max,
    query_timeout: answerTimeoutMs,
    // Set after connecting, because a session pooler refuses them as startup parameters.
    onConnect: async (client) => {
      await configure(client, { ...poolSettings, ...settings })
      if (monitor && client instanceof pg.Client) await watch(client, monitor, log)
    },
    // A connection can die while it is idle. None is older than this when the listener reconnects (F20).
    idleTimeoutMillis: 4_000,
  })
  pool.on(
    'error',
    withoutRepeats((err) => log.warn({ err }, 'a connection to the Sync database was lost')),
  )
  // The statement that is running fails anyway; without a handler this event would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

/** Watches a connection for as long as it is open (silence.ts). */
async function watch(client: pg.Client, pool: pg.Pool, log: Log): Promise<void> {
  watchSilence(client, { pid: await findServerProcess(client), pool, unreachableMs: 2_500, log })
}

type OnConnection = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  release: pg.PoolClient['release'],
) => void

/**
 * A pool that pings a connection that was idle before it hands it out. A connection whose network failed silently looks
 * open until TCP gives up. One that does not answer within a second is destroyed, and the next one is tried.
 */
class CheckedPool extends pg.Pool {
  readonly #releasedAtMs = new WeakMap<pg.ClientBase, number>()

  constructor(options: pg.PoolConfig) {
    super(options)
    this.on('release', (_, client) => this.#releasedAtMs.set(client, performance.now()))
  }

  override connect(): Promise<pg.PoolClient>
  override connect(callback: OnConnection): void
  override connect(callback?: OnConnection): Promise<pg.PoolClient> | undefined {
    const acquiring = this.#acquire()
    const acquired = withTimeout(acquireTimeoutMs, acquiring).catch((error) => {
      acquiring.then(
        (late) => late.release(),
        () => undefined,
      )
      throw error
    })
    if (!callback) return acquired
    acquired.then(
      (client) => callback(undefined, client, (broken) => client.release(broken)),
      (error: Error) => callback(error, undefined, () => undefined),
    )
    return undefined
  }

  async #acquire(): Promise<pg.PoolClient> {
    for (;;) {
      const client = await super.connect()
      const releasedAtMs = this.#releasedAtMs.get(client)
      if (releasedAtMs === undefined || performance.now() - releasedAtMs < trustedIdleMs) return client
      if (await isAnswering(client)) return client
      client.release(true)
    }
  }
}

/** Returns false when the connection does not answer a ping in time. */
async function isAnswering(client: pg.ClientBase): Promise<boolean> {
  const ping = { text: 'select 1', query_timeout: pingTimeoutMs }
  return await client.query(ping).then(
    () => true,
    () => false,
  )
}
