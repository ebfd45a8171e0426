import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { DatabaseTarget } from '../config/targets.ts'
import { notify } from '../db/notices.ts'
import { type Lifetime, stopOnce } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { waitAtMost } from '../lib/timeout.ts'
import { notice as noticeSchema } from '../wire/notice.ts'
import type { Notice } from '../wire/types.ts'
import { createListenConnection, type ListenConnection } from './listen-connection.ts'
import { createProcesses, type Processes } from './processes.ts'

/**
 * Listens for notifications on one connection (LISTEN), and opens another one when it is lost.
 *
 * Notifications are hints: those that are sent while the connection is down are lost. After every connect and reconnect
 * `onConnected` is called, and the caller reads the tables.
 *
 * A half-open connection reports no error. So this process regularly sends a ping over the pool and waits for it on the
 * listening connection. A ping that has not arrived when the next one is due means that the connection is lost. Each ping
 * also names the Client Systems whose runs its process works on, by which all processes know the workers that are alive.
 */
export type Listener = Lifetime & {
  /** True while pings arrive. */
  connected: () => boolean
  /** Returns how many processes work on the runs of a Client System; null while this process cannot know all of them. */
  countWorkers: (clientSystemId: string) => number | null
}

export type ListenerOptions = {
  target: DatabaseTarget
  pool: pg.Pool
  log: Log
  onNotice: (notice: Exclude<Notice, { type: 'ping' }>) => void
  onConnected: () => void
  /** Called when the connection is lost or nothing can be sent: from now on notifications may be missed. */
  onLost: () => void
  /** Returns the Client Systems whose runs this process works on now. */
  workingFor: () => string[]
  /** Called when the workers that are alive have changed. */
  onWorkers: () => void
}

/** The time between two pings. It is short enough to detect a half-open connection within 8 s (F20). */
const pingIntervalMs = 4_000
const reconnectDelayMs = 250
/** The maximum time that a stop waits for the last ping, and for the end of the connection. */
const closeTimeoutMs = 1_000

/** Starts to connect at once, and tries again until it is stopped. */
export function startListener(options: ListenerOptions): Listener {
  return new ReconnectingListener(options)
}

class ReconnectingListener implements Listener {
  readonly #options: ListenerOptions
  readonly #processes: Processes
  /** Identifies the pings of this process. */
  readonly #id = randomUUID()
  readonly #pingTimer: NodeJS.Timeout
  #reconnectTimer: NodeJS.Timeout | undefined
  /** The connection that is in use or being opened; null between two. */
  #current: ListenConnection | null = null
  #isConnected = false
  /** When the connection was lost that is not replaced yet; otherwise null. */
  #lostAtMs: number | null = null
  #isStopped = false
  /** The number of the last ping sent, and of the last one that arrived or could not be sent. */
  #lastSent = 0
  #lastArrived = 0

  constructor(options: ListenerOptions) {
    this.#options = options
    this.#processes = createProcesses({ pingIntervalMs, onChange: options.onWorkers })
    this.#pingTimer = setInterval(() => this.#checkPing(), pingIntervalMs)
    void this.#connect()
  }

  readonly stop = stopOnce(() => this.#end())

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  connected(): boolean {
    return this.#isConnected
  }

  countWorkers(clientSystemId: string): number | null {
    return this.#isConnected ? this.#processes.countWorkers(clientSystemId) : null
  }

  /** Opens a connection. One that fails or is lost later is replaced. Never throws. */
  async #connect(): Promise<void> {
    const { target, log, onConnected } = this.#options
    const connection = createListenConnection(target, {
      onPayload: (payload) => this.#receive(payload),
      onError: (error) => this.#replace(connection, error),
    })
    this.#current = connection
    try {
      await connection.open()
    } catch (error) {
      return this.#replace(connection, error)
    }
    // It was lost while it was opened.
    if (connection !== this.#current) return
    this.#isConnected = true
    this.#lastArrived = this.#lastSent
    if (this.#lostAtMs !== null) {
      const seconds = Math.round((performance.now() - this.#lostAtMs) / 1_000)
      log.info({ seconds }, 'the listener is connected to the Sync database again')
    }
    this.#lostAtMs = null
    onConnected()
    this.#sendPing()
  }

  /** Discards a lost connection and opens another one soon. Does nothing for one that was replaced already. */
  #replace(connection: ListenConnection, err: unknown): void {
    if (connection !== this.#current || this.#isStopped) return
    this.#current = null
    if (this.#isConnected) {
      this.#options.log.warn({ err }, 'the listener lost the Sync database; reconnecting')
      this.#lostAtMs = performance.now()
      this.#options.onLost()
    }
    this.#isConnected = false
    this.#processes.clear()
    connection.discard()
    this.#reconnectTimer = setTimeout(() => this.#connect(), reconnectDelayMs)
  }

  #receive(payload: unknown): void {
    // Any role that can connect to the database can send a notification, so an invalid one is ignored.
    const { data: notice } = noticeSchema.safeParse(payload)
    if (!notice) return
    if (notice.type === 'ping') this.#receivePing(notice)
    else this.#options.onNotice(notice)
  }

  #receivePing({ from, count, workers }: Extract<Notice, { type: 'ping' }>): void {
    const isNew = this.#processes.record(from, workers)
    if (from === this.#id) this.#lastArrived = Math.max(this.#lastArrived, count)
    // A process that has just started does not know this one yet.
    else if (isNew) this.#sendPing()
  }

  /** Replaces the connection where the last ping did not arrive; otherwise sends the next one. */
  #checkPing(): void {
    if (!this.#isConnected || !this.#current) return
    this.#processes.removeSilent()
    if (this.#lastArrived < this.#lastSent) this.#replace(this.#current, new Error('a ping did not arrive'))
    else this.#sendPing()
  }

  #sendPing(): void {
    const { pool, workingFor, onLost } = this.#options
    const count = ++this.#lastSent
    notify(pool, { type: 'ping', from: this.#id, count, workers: workingFor() }).catch(() => {
      // The pool failed, which says nothing about the listening connection.
      this.#lastArrived = Math.max(this.#lastArrived, count)
      if (this.#isConnected) onLost()
    })
  }

  async #end(): Promise<void> {
    this.#isStopped = true
    clearInterval(this.#pingTimer)
    clearTimeout(this.#reconnectTimer)
    const lastPing = this.#sendLastPing()
    if (this.#isConnected) await waitAtMost(closeTimeoutMs, lastPing)
    this.#isConnected = false
    if (this.#current) await waitAtMost(closeTimeoutMs, this.#current.close())
  }

  /** Informs the other processes that this one no longer works on runs. */
  async #sendLastPing(): Promise<void> {
    const ping = { type: 'ping' as const, from: this.#id, count: this.#lastSent, workers: [] }
    await notify(this.#options.pool, ping).catch(() => undefined)
  }
}
