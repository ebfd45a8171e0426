import { Socket } from 'node:net'
import type pg from 'pg'
import { backgroundTimers, type Lifetime, startLoop, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { withTimeout } from '../lib/timeout.ts'

/**
 * Detects a connection whose network stopped delivering while a firewall or proxy still acknowledges packets, so that no
 * timeout of TCP fires. A connection is destroyed when all of this is true: an answer is outstanding, no byte is
 * transferred, and its server process waits for its client or is gone. The last is found over another connection, in
 * pg_stat_activity. A statement that computes or waits for a lock is not affected, however long it takes.
 */
export type SilenceWatch = Lifetime & {
  /** Runs `work` while it is correct that the server waits: within COPY FROM STDIN, until there is more to send. */
  pause: <T>(work: () => Promise<T>) => Promise<T>
}

export type SilenceOptions = {
  /** The server process of the connection. */
  pid: number
  /** The pool over which the server process is looked up. */
  pool: pg.Pool
  /** The connection is also destroyed when the server answers on no connection for this long. */
  unreachableMs: number
  log: Log
}

const intervalMs = 500
/** The time without a transferred byte after which the server process is looked up. */
const silenceMs = 1_500
const answerTimeoutMs = 1_500

/** Starts to watch a connection until it ends. */
export function watchSilence(client: pg.Client, { pid, pool, unreachableMs, log }: SilenceOptions): SilenceWatch {
  const { connection } = client
  const transferred = () => {
    const { stream } = connection
    return stream instanceof Socket ? { read: stream.bytesRead, written: stream.bytesWritten } : { read: 0, written: 0 }
  }
  let seen = transferred()
  let since = performance.now()
  /** The bytes sent when the last answer was complete. An answer is outstanding when more has been sent. */
  let answered = seen.written
  let pauses = 0
  /** How many times in a row the server process was waiting for its client. */
  let waits = 0

  const isSilent = () => {
    const { read, written } = transferred()
    return pauses === 0 && written !== answered && read === seen.read && written === seen.written
  }
  const cut = (reason: string) => {
    void watch.stop()
    log.warn({ pid, reason }, 'a connection to the Sync database stopped responding and was closed')
    destroySocket(client)
    pool.query(terminate, [pid]).catch(() => undefined)
  }
  const check = async () => {
    if (!isSilent()) {
      seen = transferred()
      since = performance.now()
      waits = 0
      return
    }
    if (performance.now() - since < silenceMs) return
    const { rows } = await withTimeout(answerTimeoutMs, pool.query<{ waits: boolean }>(isWaiting, [pid]))
    if (!isSilent()) return
    if (!rows[0]) return cut('its server process is gone')
    // Once is not enough: the answer may be on its way.
    waits = rows[0].waits ? waits + 1 : 0
    if (waits === 2) cut('its server process waits for the agent')
  }
  const cutUnreachable = () => {
    if (isSilent() && performance.now() - since > unreachableMs) cut('the Sync database answers on no connection')
  }
  const complete = () => {
    answered = transferred().written
  }
  // Runs before the listener of the driver, which sends the next statement at once.
  connection.prependListener('readyForQuery', complete)
  const loop = startLoop({ pass: check, everyMs: intervalMs, onError: cutUnreachable, timers: backgroundTimers })
  const pause: SilenceWatch['pause'] = async (work) => {
    pauses++
    try {
      return await work()
    } finally {
      pauses--
    }
  }
  const watch = withLifetime({ pause }, async () => {
    connection.removeListener('readyForQuery', complete)
    await loop.stop()
  })
  client.once('end', watch.stop)
  return watch
}

const isWaiting = `
  select wait_event_type is not distinct from 'Client' as waits
  from pg_stat_activity
  where pid = $1`

/** Ends the server process, so that its locks are released at once and not when the server notices the loss. */
const terminate = `
  select pg_terminate_backend(pid)
  from pg_stat_activity
  where pid = $1 and usename = current_user and wait_event_type = 'Client'`

/** Closes the socket of a connection at once. Statements that wait for an answer fail with a connection error. */
export function destroySocket(client: pg.Client): void {
  const { stream } = client.connection
  if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy()
}
