import type pg from 'pg'
import type { DatabaseTarget } from '../config/targets.ts'
import type { Queryable } from '../db/connect.ts'
import { openSession, type Session } from '../db/session.ts'
import { transaction } from '../db/transaction.ts'
import type { Log } from '../lib/log.ts'
import { cancelOnAbort, endTimeoutMs } from './cancellation.ts'
import { takeRunLock } from './run-lock.ts'

/** The session of one run. It holds the Client System's advisory lock, and the run is alive as long as this session. */
export type RunSession = Session &
  AsyncDisposable & {
    /** The key of the advisory lock. */
    lock: bigint
    /**
     * Rolls back, then runs `end` in a transaction of its own while the lock is still held. Uses another connection if this
     * one is lost. Returns what `end` returns.
     */
    finish: (end: (db: Queryable) => Promise<boolean>) => Promise<boolean>
    /** Commits. Throws when no answer arrives; then only the run's row shows whether it was committed. */
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

/**
 * Opens the session of a run and takes its lock. After `signal` aborts, its statements are cancelled until `finish` or the
 * end.
 */
export async function openRunSession(target: DatabaseTarget, options: RunSessionOptions): Promise<RunSession> {
  const { pool, signal } = options
  const session = await openSession(target, options)
  const { client } = session
  const stopCancelling = cancelOnAbort(session, pool, signal)

  /** Runs `work`, and destroys the session when it takes longer than `endTimeoutMs`. */
  const withinEndTimeout = async <T>(work: () => Promise<T>): Promise<T> => {
    const timer = setTimeout(session.destroy, endTimeoutMs)
    try {
      return await work()
    } finally {
      clearTimeout(timer)
    }
  }
  const rollback = async () => {
    // A cancel request may still arrive and cancel the first statement.
    await client.query('rollback').catch(() => client.query('rollback'))
  }
  const finish = async (end: (db: Queryable) => Promise<boolean>) => {
    stopCancelling()
    try {
      if (!session.alive()) throw new Error('the session of the run was lost')
      return await withinEndTimeout(async () => {
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
    // Only the tables are dropped on commit. A server that crashes before the session closes would keep the view.
    await client.query('drop view if exists pg_temp.ours')
    await withinEndTimeout(() => client.query('commit'))
  }
  const close = async () => {
    stopCancelling()
    await withinEndTimeout(session.close)
  }
  try {
    signal.throwIfAborted()
    const lock = await takeRunLock(session, pool, options)
    return { ...session, lock, finish, commit, close, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}
