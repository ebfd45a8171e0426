import type pg from 'pg'
import type { DatabaseTarget } from '../config/targets.ts'
import { lockKey, openSession, type Queryable, runApplication, type Session } from '../db/connect.ts'
import { transaction } from '../db/pool.ts'
import { errorCode } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'

/** The session of one run: it holds the Client System's advisory lock, and the run lives as long as it does. */
export type RunSession = Session &
  AsyncDisposable & {
    /** The key of the advisory lock. */
    lock: bigint
    /**
     * Rolls back, then runs `end` in a transaction of its own while the lock is still held; where the connection is
     * gone, on another one. Returns what `end` returns.
     */
    finish: (end: (db: Queryable) => Promise<boolean>) => Promise<boolean>
    /** Commits; throws when the answer does not come; only the run's row then shows whether it committed. */
    commit: () => Promise<void>
  }

export type RunSessionOptions = {
  runId: string
  clientSystemId: string
  runTimeoutMs: number
  pool: pg.Pool
  signal: AbortSignal
  log: Log
}

/** How long the Sync database may take to answer a rollback before the connection is given up. */
const cancelTimeoutMs = 5_000

/**
 * Opens the session and takes the lock; waits `lock_timeout` for it, since a reaper holds it for a moment to see whether
 * a run is alive. A session that holds it longer and is the session of a run that has ended (its COMMIT's answer was lost, or
 * its worker froze behind it) is put out; anyone else keeps it, and 55P03 is thrown. When `signal` aborts, the
 * statements under way are cancelled until `finish` or the end, and a session that does not answer is destroyed.
 */
export async function openRunSession(target: DatabaseTarget, options: RunSessionOptions): Promise<RunSession> {
  const { runId, clientSystemId, pool, signal } = options
  const session = await openSession(target, options)
  const { client } = session
  let cancelling: NodeJS.Timeout | undefined
  const cancel = () => {
    const ask = () => void pool.query('select pg_cancel_backend($1)', [session.pid]).catch(session.destroy)
    ask()
    const begun = Date.now()
    cancelling = setInterval(() => (Date.now() - begun > cancelTimeoutMs ? session.destroy() : ask()), 1_000)
  }
  const stopCancelling = () => {
    signal.removeEventListener('abort', cancel)
    clearInterval(cancelling)
  }
  /** Within `cancelTimeoutMs`, or the connection is given up. */
  const promptly = async <T>(work: () => Promise<T>): Promise<T> => {
    const timer = setTimeout(session.destroy, cancelTimeoutMs)
    try {
      return await work()
    } finally {
      clearTimeout(timer)
    }
  }
  const rollback = async () => {
    // A cancellation under way may still hit the first statement.
    await client.query('rollback').catch(() => client.query('rollback'))
  }
  const finish = async (end: (db: Queryable) => Promise<boolean>) => {
    stopCancelling()
    try {
      if (!session.alive()) throw new Error('the session of the run is gone')
      return await promptly(async () => {
        await rollback()
        await client.query('begin')
        const ended = await end(client)
        await client.query('commit')
        return ended
      })
    } catch {
      session.destroy()
      return await transaction(pool, end)
    }
  }
  const commit = async () => {
    // A server that crashes before the session closes would keep the view: only the tables are dropped on commit.
    await client.query('drop view if exists pg_temp.ours')
    await promptly(() => client.query('commit'))
  }
  const close = async () => {
    stopCancelling()
    await promptly(session.close)
  }
  try {
    signal.throwIfAborted()
    signal.addEventListener('abort', cancel, { once: true })
    const { rows } = await client.query<{ key: string }>(`select ${lockKey} as key`, [clientSystemId])
    const lock = BigInt(rows[0]?.key ?? 0)
    const take = () => client.query('select pg_advisory_lock($1)', [lock])
    await take().catch(async (error) => {
      if (errorCode(error) !== '55P03') throw error
      await pool.query(putOutLeftover, [lock, runId])
      await take()
    })
    return { ...session, lock, finish, commit, close, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

/** While our run is queued no other can be active: a run's session that holds the lock now is a leftover. */
const putOutLeftover = `
  select pg_terminate_backend(l.pid)
  from pg_locks l
  join pg_stat_activity a on a.pid = l.pid
  where l.locktype = 'advisory' and l.granted and l.objsubid = 1
    and l.database = (select oid from pg_database where datname = current_database())
    and (l.classid::bigint << 32 | l.objid::bigint) = $1::bigint
    and a.application_name = '${runApplication}'
    and exists (select from sync.run where id = $2 and status = 'queued')`
