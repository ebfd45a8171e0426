import type pg from 'pg'
import type { Session } from '../db/connect.ts'

/** How long the Sync database may take to answer before a session is given up. */
export const giveUpMs = 5_000

const askAgainMs = 1_000

/**
 * Cancels the statements of a session from the moment that `signal` aborts until the returned function is called: the
 * server is asked every second, over another connection. A session that goes on for 5 s is destroyed.
 */
export function cancelOnAbort(session: Session, pool: pg.Pool, signal: AbortSignal): () => void {
  let timer: NodeJS.Timeout | undefined
  const ask = () => void pool.query('select pg_cancel_backend($1)', [session.pid]).catch(session.destroy)
  const cancel = () => {
    const begun = Date.now()
    ask()
    timer = setInterval(() => (Date.now() - begun > giveUpMs ? session.destroy() : ask()), askAgainMs)
  }
  signal.addEventListener('abort', cancel, { once: true })
  return () => {
    signal.removeEventListener('abort', cancel)
    clearInterval(timer)
  }
}
