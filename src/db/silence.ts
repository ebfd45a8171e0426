import { Socket } from 'node:net'
import type pg from 'pg'
import { backgroundTimers, type Lifetime, type Loop, startLoop, stopOnce } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { withTimeout } from '../lib/timeout.ts'
import { destroySocket } from './socket.ts'

/**
 * Detects a connection whose network stopped delivering while a firewall or proxy still acknowledges packets, so that no
 * timeout of TCP fires. A connection is destroyed when all of this is true: an answer is outstanding, no byte is
 * transferred, and its server process waits for its client or is gone. The last is found over another connection, in
 * pg_stat_activity. A statement that computes or waits for a lock is not affected, however long it takes.
 */
export type SilenceWatch = Lifetime & {
  /** Runs `work` while the server waits for data of the client, as within COPY FROM STDIN. This wait is no silence. */
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
export function watchSilence(client: pg.Client, options: SilenceOptions): SilenceWatch {
  const watch = new ConnectionWatch(client, options)
  client.once('end', watch.stop)
  return watch
}

/** The numbers of bytes that a connection has transferred. */
type Transferred = { read: number; written: number }

class ConnectionWatch implements SilenceWatch {
  readonly #client: pg.Client
  readonly #options: SilenceOptions
  readonly #loop: Loop
  /** The bytes at the last check that was not silent, and its time in milliseconds. */
  #seen: Transferred
  #seenAtMs = performance.now()
  /** The bytes sent when the last answer was complete. An answer is outstanding when more has been sent. */
  #answered: number
  #pauses = 0
  /** How many times in a row the server process was waiting for its client. */
  #waits = 0

  constructor(client: pg.Client, options: SilenceOptions) {
    this.#client = client
    this.#options = options
    this.#seen = this.#transferred()
    this.#answered = this.#seen.written
    // Runs before the listener of the driver, which sends the next statement at once.
    client.connection.prependListener('readyForQuery', this.#recordAnswer)
    this.#loop = startLoop({
      pass: () => this.#check(),
      everyMs: intervalMs,
      onError: () => this.#checkReachable(),
      timers: backgroundTimers,
    })
  }

  readonly stop = stopOnce(async () => {
    this.#client.connection.removeListener('readyForQuery', this.#recordAnswer)
    await this.#loop.stop()
  })

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async pause<T>(work: () => Promise<T>): Promise<T> {
    this.#pauses++
    try {
      return await work()
    } finally {
      this.#pauses--
    }
  }

  readonly #recordAnswer = () => {
    this.#answered = this.#transferred().written
  }

  /** Looks up the server process once the connection was silent for long enough. Throws where no connection answers. */
  async #check(): Promise<void> {
    if (!this.#isSilent()) {
      this.#seen = this.#transferred()
      this.#seenAtMs = performance.now()
      this.#waits = 0
      return
    }
    if (performance.now() - this.#seenAtMs < silenceMs) return
    const { pool, pid } = this.#options
    const { rows } = await withTimeout(answerTimeoutMs, pool.query<{ waits: boolean }>(isWaiting, [pid]))
    if (!this.#isSilent()) return
    if (!rows[0]) return this.#cut('its server process is gone')
    // Once is not enough: the answer may be on its way.
    this.#waits = rows[0].waits ? this.#waits + 1 : 0
    if (this.#waits === 2) this.#cut('its server process waits for the agent')
  }

  /** Cuts the connection where the server answers on no other one either. */
  #checkReachable(): void {
    if (this.#isSilent() && performance.now() - this.#seenAtMs > this.#options.unreachableMs) {
      this.#cut('the Sync database answers on no connection')
    }
  }

  /** True while an answer is outstanding and no byte was transferred since the last check that was not silent. */
  #isSilent(): boolean {
    const { read, written } = this.#transferred()
    if (this.#pauses > 0 || written === this.#answered) return false
    return read === this.#seen.read && written === this.#seen.written
  }

  #transferred(): Transferred {
    const { stream } = this.#client.connection
    return stream instanceof Socket ? { read: stream.bytesRead, written: stream.bytesWritten } : { read: 0, written: 0 }
  }

  #cut(reason: string): void {
    const { pid, pool, log } = this.#options
    void this.stop()
    log.warn({ pid, reason }, 'a connection to the Sync database stopped responding and was closed')
    destroySocket(this.#client)
    pool.query(terminate, [pid]).catch(() => undefined)
  }
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
