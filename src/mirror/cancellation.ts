import type pg from 'pg'
import type { Session } from '../db/session.ts'

/** A session that takes longer to cancel, roll back, commit or close is destroyed. */
export const endTimeoutMs = 5_000

const retryMs = 1_000

/**
 * Cancels the statements of a session from the moment that `signal` aborts until the returned function is called. Sends a
 * cancel request every second over another connection. Destroys a session that continues for 5 s.
 */
export function cancelOnAbort(session: Session, pool: pg.Pool, signal: AbortSignal): () => void {
  let timer: NodeJS.Timeout | undefined
  const request = () => void pool.query('select pg_cancel_backend($1)', [session.pid]).catch(session.destroy)
  const cancel = () => {
    const abortedAt = Date.now()
    request()
    timer = setInterval(() => (Date.now() - abortedAt > endTimeoutMs ? session.destroy() : request()), retryMs)
  }
  signal.addEventListener('abort', cancel, { once: true })
  return () => {
    signal.removeEventListener('abort', cancel)
    clearInterval(timer)
  }
}
