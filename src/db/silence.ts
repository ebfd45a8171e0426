import { Socket } from 'node:net'
import type pg from 'pg'
import type { Log } from '../lib/log.ts'
import { withTimeout } from '../lib/timeout.ts'

/**
 * Destroys a connection whose network fell silent behind something that still acknowledges, which no timeout of TCP
 * notices. Such a connection owes an answer, no byte passes, and its server process, asked about over another
 * connection, waits for its client or is gone. A statement that computes or waits for a lock is left alone, however
 * long it takes.
 */
export type SilenceWatch = Disposable & {
  /** Runs `work` while the server rightly waits for the client: within COPY FROM STDIN, until there is more to send. */
  pause: <T>(work: () => Promise<T>) => Promise<T>
}

export type SilenceOptions = {
  /** The server process of the connection. */
  pid: number
  /** Where to ask about it. */
  pool: pg.Pool
  /** How long the server may answer on no connection at all before this one is given up. */
  unreachableMs: number
  log: Log
}

const intervalMs = 500
/** How long no byte passes before the server is asked. */
const silenceMs = 1_500
const answerTimeoutMs = 1_500

export function watchSilence(client: pg.Client, { pid, pool, unreachableMs, log }: SilenceOptions): SilenceWatch {
  const { connection } = client
  const transferred = () => {
    const { stream } = connection
    return stream instanceof Socket ? { read: stream.bytesRead, written: stream.bytesWritten } : { read: 0, written: 0 }
  }
  let seen = transferred()
  let since = performance.now()
  /** What had been sent when the last answer was complete: whatever is sent after it is owed an answer. */
  let answered = seen.written
  let pauses = 0
  /** How many times in a row the server process was seen to wait for its client. */
  let waits = 0
  let asking = false

  const isSilent = () => {
    const { read, written } = transferred()
    return pauses === 0 && written !== answered && read === seen.read && written === seen.written
  }
  const cut = (reason: string) => {
    clearInterval(timer)
    log.warn({ pid, reason }, 'a connection to the Sync database fell silent and was cut')
    destroySocket(client)
    pool.query(terminate, [pid]).catch(() => undefined)
  }
  const look = async () => {
    if (!isSilent()) {
      seen = transferred()
      since = performance.now()
      waits = 0
      return
    }
    if (asking || performance.now() - since < silenceMs) return
    asking = true
    try {
      const { rows } = await withTimeout(answerTimeoutMs, pool.query<{ waits: boolean }>(isWaiting, [pid]))
      if (!isSilent()) return
      if (!rows[0]) return cut('its server process is gone')
      // One look can come between an answer and its arrival.
      waits = rows[0].waits ? waits + 1 : 0
      if (waits === 2) cut('its server process waits for the agent')
    } catch {
      if (isSilent() && performance.now() - since > unreachableMs) cut('the Sync database answers on no connection')
    } finally {
      asking = false
    }
  }
  const complete = () => {
    answered = transferred().written
  }
  // Before the driver's own listener, which sends the next statement at once.
  connection.prependListener('readyForQuery', complete)
  const timer = setInterval(look, intervalMs).unref()
  const stop = () => {
    clearInterval(timer)
    connection.removeListener('readyForQuery', complete)
  }
  client.once('end', stop)
  return {
    pause: async (work) => {
      pauses++
      try {
        return await work()
      } finally {
        pauses--
      }
    },
    [Symbol.dispose]: stop,
  }
}

const isWaiting = `
  select wait_event_type is not distinct from 'Client' as waits
  from pg_stat_activity
  where pid = $1`

/** What it had locked is free at once, instead of when the server notices the loss. */
const terminate = `
  select pg_terminate_backend(pid)
  from pg_stat_activity
  where pid = $1 and usename = current_user and wait_event_type = 'Client'`

/** Ends a connection at once. What waits for an answer fails with a connection error. */
export function destroySocket(client: pg.Client): void {
  const { stream } = client.connection
  if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy()
}
