import type pg from 'pg'
import type { DatabaseTarget } from '../config.ts'
import { lockKey, openSession, type Queryable, type Session, transaction } from '../db/connect.ts'

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
  }

/** How long the Sync database may take to answer a rollback before the connection is given up. */
const patience = 5_000

/**
 * Opens the session and takes the lock; waits `lock_timeout` for it (55P03 when someone keeps it), since a reaper
 * holds it for a moment to see whether a run is alive. When `signal` aborts, the statement under way is cancelled.
 */
export async function openRunSession(
  target: DatabaseTarget,
  options: { clientSystemId: string; milliseconds: number; pool: pg.Pool; signal: AbortSignal },
): Promise<RunSession> {
  const { clientSystemId, milliseconds, pool, signal } = options
  const session = await openSession(target, { milliseconds })
  let cancelled: Promise<unknown> = Promise.resolve()
  const cancel = () => {
    cancelled = pool.query('select pg_cancel_backend($1)', [session.pid]).catch(() => session.destroy())
  }
  const finish = async (end: (db: Queryable) => Promise<boolean>) => {
    signal.removeEventListener('abort', cancel)
    await cancelled
    try {
      if (!session.alive()) throw new Error('the session of the run is gone')
      const timer = setTimeout(session.destroy, patience)
      await session.client.query('rollback').finally(() => clearTimeout(timer))
      await session.client.query('begin')
      const ended = await end(session.client)
      await session.client.query('commit')
      return ended
    } catch {
      session.destroy()
      return await transaction(pool, end)
    }
  }
  const close = async () => {
    signal.removeEventListener('abort', cancel)
    const timer = setTimeout(session.destroy, patience)
    await session.close()
    clearTimeout(timer)
  }
  try {
    signal.throwIfAborted()
    signal.addEventListener('abort', cancel, { once: true })
    const { rows } = await session.client.query<{ key: string }>(`select ${lockKey} as key`, [clientSystemId])
    const lock = BigInt(rows[0]?.key ?? 0)
    await session.client.query('select pg_advisory_lock($1)', [lock])
    return { ...session, lock, finish, close, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}
