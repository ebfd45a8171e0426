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
 * What other processes and this one tell through NOTIFY. Notices are hints, the tables are the truth: what was told
 * while the connection was away is lost, so `connected` comes after every (re)connect and asks for a fresh look.
 */
export type Listener = Lifetime & {
  /** True while a ping comes back. */
  connected: () => boolean
  /** How many processes work on the runs of a Client System; null while this process cannot know of all. */
  workers: (clientSystemId: string) => number | null
}

export type ListenerOptions = {
  target: DatabaseTarget
  pool: pg.Pool
  log: Log
  onNotice: (notice: Exclude<Notice, { type: 'ping' }>) => void
  onConnected: () => void
  /** The connection was lost, or nothing can be sent: what happens from now on may stay unheard. */
  onLost: () => void
  /** The Client Systems whose runs this process works on now. */
  working: () => string[]
  /** Workers have come or gone. */
  onWorkers: () => void
}

/** A ping every 4 s; one that is not back when the next is due means a half-open connection (F20). */
const pingInterval = 4_000

export function startListener(options: ListenerOptions): Listener {
  const { target, pool, log, onNotice, onConnected, onLost } = options
  const processes = createProcesses({ pingInterval, onChange: options.onWorkers })
  const self = randomUUID()
  let subscriber: Subscriber | null = null
  let retry: NodeJS.Timeout | undefined
  let stopped = false
  let connected = false
  let sent = 0
  let returned = 0

  const hear = (payload: unknown) => {
    const parsed = noticeSchema.safeParse(payload)
    if (!parsed.success) return
    const notice = parsed.data
    if (notice.type !== 'ping') return onNotice(notice)
    const isNew = processes.heard(notice.from, notice.workers)
    if (notice.from === self) returned = Math.max(returned, notice.count)
    // One that has just come knows of nobody yet.
    else if (isNew) sendPing()
  }

  const open = async () => {
    const next = createSubscriber.default(
      {
        ...connectionOptions(target, { application: 'meter-sync-agent feed', connectTimeoutMs: 5_000 }),
        query_timeout: 5_000,
      },
      // Its own reconnecting gives no say over a half-open socket: it reports the loss, and the loop here begins anew.
      { parse: parseQuietly, paranoidChecking: false, retryLimit: 1 },
    )
    subscriber = next
    const lose = (err: unknown) => {
      if (subscriber !== next || stopped) return
      if (connected) log.warn({ err }, 'the listener lost the Sync database; it reconnects')
      if (connected) onLost()
      connected = false
      processes.forget()
      subscriber = null
      abandon(next)
      retry = setTimeout(open, 250)
    }
    next.events.on('error', lose)
    next.notifications.on(channel, hear)
    try {
      await next.connect()
      await next.listenTo(channel)
    } catch (err) {
      lose(err)
      return
    }
    if (subscriber !== next) return
    connected = true
    returned = sent
    log.debug('the listener is connected')
    onConnected()
    sendPing()
  }

  function sendPing(): void {
    const count = ++sent
    notify(pool, { type: 'ping', from: self, count, workers: options.working() }).catch(() => {
      returned = Math.max(returned, count)
      if (connected) onLost()
    })
  }

  const ping = setInterval(() => {
    if (!connected) return
    processes.check()
    if (returned < sent) {
      subscriber?.events.emit('error', new Error('a ping did not come back'))
      return
    }
    sendPing()
  }, pingInterval)

  const stop = async () => {
    stopped = true
    clearInterval(ping)
    clearTimeout(retry)
    const farewell = notify(pool, { type: 'ping', from: self, count: sent, workers: [] }).catch(() => undefined)
    if (connected) await Promise.race([farewell, pause(1_000, undefined, { ref: false })])
    connected = false
    if (subscriber) await Promise.race([subscriber.close(), pause(1_000, undefined, { ref: false })])
  }

  void open()
  return withLifetime(
    {
      connected: () => connected,
      workers: (clientSystemId: string) => (connected ? processes.workers(clientSystemId) : null),
    },
    stop,
  )
}

/** A connection that may be half-open is not waited for. */
function abandon(subscriber: Subscriber): void {
  for (const event of ['connected', 'notification', 'error'] as const) subscriber.events.removeAllListeners(event)
  subscriber.events.on('error', () => undefined)
  subscriber.close().catch(() => undefined)
}

/** pg-listen answers a payload that does not parse with an error and a reconnect. */
function parseQuietly(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
