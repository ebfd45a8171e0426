import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type pg from 'pg'
import createSubscriber, { type Subscriber } from 'pg-listen'
import type { DatabaseTarget } from '../config/targets.ts'
import { connectionOptions } from '../db/connect.ts'
import { channel, notify } from '../db/notices.ts'
import { type Lifetime, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { notice as noticeSchema } from '../wire/notice.ts'
import type { Notice } from '../wire/types.ts'
import { createProcesses } from './processes.ts'

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
  workers: (clientSystemId: string) => number | null
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
  working: () => string[]
  /** Called when the workers that are alive have changed. */
  onWorkers: () => void
}

/** Short enough to detect a half-open connection within 8 s (F20). */
const pingIntervalMs = 4_000
const reconnectDelayMs = 250
const closeTimeoutMs = 1_000

export function startListener(options: ListenerOptions): Listener {
  const { target, pool, log, onNotice, onConnected, onLost } = options
  const processes = createProcesses({ pingIntervalMs, onChange: options.onWorkers })
  const self = randomUUID()
  /** The connection that is in use or being opened; null between two. */
  let current: Subscriber | null = null
  let connected = false
  let stopped = false
  let reconnect: NodeJS.Timeout | undefined
  /** The numbers of the last ping sent, and of the last one that arrived or could not be sent. */
  let lastSent = 0
  let lastArrived = 0

  async function connect(): Promise<void> {
    const connection = createSubscriber.default(
      {
        ...connectionOptions(target, { application: 'meter-sync-agent listener', connectTimeoutMs: 5_000 }),
        query_timeout: 5_000,
      },
      // No retries: pg-listen would wait for a half-open socket, and `lose` reconnects anyway.
      { parse: parseOrNull, paranoidChecking: false, retryLimit: 1 },
    )
    current = connection
    connection.events.on('error', (err) => lose(connection, err))
    connection.notifications.on(channel, receive)
    try {
      await connection.connect()
      await connection.listenTo(channel)
    } catch (err) {
      return lose(connection, err)
    }
    if (connection !== current) return
    connected = true
    lastArrived = lastSent
    log.debug('the listener is connected')
    onConnected()
    sendPing()
  }

  function lose(connection: Subscriber, err: unknown): void {
    if (connection !== current || stopped) return
    current = null
    if (connected) {
      log.warn({ err }, 'the listener lost the Sync database; reconnecting')
      onLost()
    }
    connected = false
    processes.clear()
    discard(connection)
    reconnect = setTimeout(connect, reconnectDelayMs)
  }

  function receive(payload: unknown): void {
    // Any role that can connect to the database can send a notification, so an invalid one is ignored.
    const { data: notice } = noticeSchema.safeParse(payload)
    if (!notice) return
    if (notice.type === 'ping') receivePing(notice)
    else onNotice(notice)
  }

  function receivePing({ from, count, workers }: Extract<Notice, { type: 'ping' }>): void {
    const isNew = processes.record(from, workers)
    if (from === self) lastArrived = Math.max(lastArrived, count)
    // A process that has just started does not know this one yet.
    else if (isNew) sendPing()
  }

  function sendPing(): void {
    const count = ++lastSent
    notify(pool, { type: 'ping', from: self, count, workers: options.working() }).catch(() => {
      // The pool failed, which says nothing about the listening connection.
      lastArrived = Math.max(lastArrived, count)
      if (connected) onLost()
    })
  }

  const ping = setInterval(() => {
    if (!connected || !current) return
    processes.removeSilent()
    if (lastArrived < lastSent) lose(current, new Error('a ping did not arrive'))
    else sendPing()
  }, pingIntervalMs)

  async function stop(): Promise<void> {
    stopped = true
    clearInterval(ping)
    clearTimeout(reconnect)
    // Informs the other processes that this one no longer works on runs.
    const lastPing = notify(pool, { type: 'ping', from: self, count: lastSent, workers: [] }).catch(() => undefined)
    if (connected) await Promise.race([lastPing, pause(closeTimeoutMs, undefined, { ref: false })])
    connected = false
    if (current) await Promise.race([current.close(), pause(closeTimeoutMs, undefined, { ref: false })])
  }

  void connect()
  const part = {
    connected: () => connected,
    workers: (clientSystemId: string) => (connected ? processes.countWorkers(clientSystemId) : null),
  }
  return withLifetime(part, stop)
}

/** Closes a lost connection without waiting for it, because it may be half-open. Its later events are ignored. */
function discard(connection: Subscriber): void {
  for (const event of ['connected', 'notification', 'error'] as const) connection.events.removeAllListeners(event)
  connection.events.on('error', () => undefined)
  connection.close().catch(() => undefined)
}

/** Parses a payload. pg-listen would report an error and reconnect when this throws. */
function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
