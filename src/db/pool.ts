import pg from 'pg'
import type { DatabaseTarget } from '../config/targets.ts'
import { isConnectionLoss } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import { withTimeout } from '../lib/timeout.ts'
import { configure, connectionOptions, sessionSettings } from './connect.ts'
import { watchSilence } from './silence.ts'

/** A lock is waited for longer than a client that fell silent can hold it within a transaction. */
const poolSettings = {
  ...sessionSettings,
  statement_timeout: '30s',
  lock_timeout: '3s',
  idle_in_transaction_session_timeout: '2s',
}

/** A connection that was idle for longer must answer a ping before it is lent. */
const trustedIdleMs = 250
const pingTimeoutMs = 1_000
/** How long it may take to get a connection, whatever becomes of those that are tried. */
const lendTimeoutMs = 4_000

export type PoolOptions = {
  application: string
  max: number
  log: Log
  /** The timeout of one answer. Short where every statement is: a silent connection then costs no more than this. */
  answerTimeoutMs?: number
  /** For a pool whose statements may take long: where the server is asked about a connection that falls silent. */
  monitor?: pg.Pool
}

/** Opens a pool for short statements of the Sync database. An idle connection that breaks is replaced, and logged. */
export function openPool(
  target: DatabaseTarget,
  { application, max, log, answerTimeoutMs = 30_000, monitor: asks }: PoolOptions,
): pg.Pool {
  const pool = new CheckedPool({
    ...connectionOptions(target, { application, connectTimeoutMs: lendTimeoutMs }),
    max,
    query_timeout: answerTimeoutMs,
    // Set when connected: a session pooler refuses them among the parameters of the start.
    onConnect: async (client) => {
      await configure(client, poolSettings)
      if (asks && client instanceof pg.Client) await watch(client, asks, log)
    },
    // An idle connection may have died unseen: none is older than this when the listener comes back (F20).
    idleTimeoutMillis: 4_000,
  })
  pool.on('error', (err) => log.warn({ err }, 'a connection to the Sync database was lost'))
  // One that is lent tells its borrower by failing the statement; unheard, its event would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

async function watch(client: pg.Client, pool: pg.Pool, log: Log): Promise<void> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  watchSilence(client, { pid: rows[0]?.pid ?? 0, pool, unreachableMs: 2_500, log })
}

type Lent = (error: Error | undefined, client: pg.PoolClient | undefined, release: pg.PoolClient['release']) => void

/**
 * A pool that lends no connection whose network fell silent while it was idle: such a connection looks open until TCP
 * gives up. One that does not answer a ping within a second is destroyed, and the next one is tried.
 */
class CheckedPool extends pg.Pool {
  readonly #releasedAt = new WeakMap<pg.ClientBase, number>()

  constructor(options: pg.PoolConfig) {
    super(options)
    this.on('release', (_, client) => this.#releasedAt.set(client, performance.now()))
  }

  override connect(): Promise<pg.PoolClient>
  override connect(callback: Lent): void
  override connect(callback?: Lent): Promise<pg.PoolClient> | undefined {
    const lending = this.#lend()
    const lent = withTimeout(lendTimeoutMs, lending).catch((error) => {
      lending.then(
        (late) => late.release(),
        () => undefined,
      )
      throw error
    })
    if (!callback) return lent
    lent.then(
      (client) => callback(undefined, client, (broken) => client.release(broken)),
      (error: Error) => callback(error, undefined, () => undefined),
    )
    return undefined
  }

  async #lend(): Promise<pg.PoolClient> {
    for (;;) {
      const client = await super.connect()
      const releasedAt = this.#releasedAt.get(client)
      if (releasedAt === undefined || performance.now() - releasedAt < trustedIdleMs) return client
      if (await answers(client)) return client
      client.release(true)
    }
  }
}

async function answers(client: pg.ClientBase): Promise<boolean> {
  const ping = { text: 'select 1', query_timeout: pingTimeoutMs }
  return await client.query(ping).then(
    () => true,
    () => false,
  )
}

/**
 * Runs `work` in one transaction of a pooled connection: all of it or, when it throws, none. A connection that was lost
 * or did not answer is destroyed and not asked to roll back, since that would take its timeout once more. The query
 * builder's own transaction keeps the connection for ever when its `begin` fails: a pool would be empty after a few
 * restarts of the server, and would never end.
 */
export async function transaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  mode: '' | 'isolation level repeatable read read only' = '',
): Promise<T> {
  const client = await pool.connect()
  let broken = false
  try {
    await client.query(`begin ${mode}`)
    const result = await work(client)
    await client.query('commit')
    return result
  } catch (error) {
    broken = isConnectionLoss(error)
    if (!broken) {
      await client.query('rollback').catch(() => {
        broken = true
      })
    }
    throw error
  } finally {
    client.release(broken)
  }
}
