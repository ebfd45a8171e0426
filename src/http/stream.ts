import type { ServerResponse } from 'node:http'
import type { Agent, LiveEvent } from '../agent.ts'
import { type Lifetime, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'

/** The event streams of this process. */
export type Streams = Lifetime & {
  /** Serves one watcher on a raw response, from the revision it saw last, until either side ends it. */
  open: (response: ServerResponse, lastSeen: number | null) => Promise<void>
  /** How many are open. */
  count: () => number
}

type Watcher = {
  response: ServerResponse
  /** Held back until the watcher has had its first status; null afterwards. */
  waiting: LiveEvent[] | null
  /** What its first status included is old news. */
  known: number
  /** That of the latest status sent. */
  statusRevision: number
}

const pingInterval = 15_000
const furthestBehind = 64 * 1_024
const mostWaiting = 500
const drainPatience = 15_000

/**
 * Server-Sent Events on raw responses: an event is serialised once for all watchers, and one who does not read is
 * closed before it costs memory; it comes back with its Last-Event-ID (F22).
 */
export function createStreams(agent: Agent, log: Log): Streams {
  const watchers = new Set<Watcher>()

  const send = (watcher: Watcher, bytes: Buffer) => {
    const { response } = watcher
    if (response.writableLength > furthestBehind) {
      log.debug('a watcher fell behind and was closed')
      response.destroy()
    } else response.write(bytes)
  }

  const broadcast = (event: LiveEvent) => {
    let bytes: Buffer | undefined
    for (const watcher of watchers) {
      if (watcher.waiting) {
        // One that does not read what it missed must not pile up what is told meanwhile.
        if (watcher.waiting.push(event) > mostWaiting) watcher.response.destroy()
      } else if (isNews(event, watcher)) {
        bytes ??= serialize(event)
        send(watcher, isBehind(event, watcher) ? serialize(event, watcher.known) : bytes)
      }
    }
  }
  const leave = agent.watch(broadcast)

  const ping = setInterval(() => {
    for (const watcher of watchers) if (!watcher.waiting) send(watcher, pingBytes)
  }, pingInterval)

  async function open(response: ServerResponse, lastSeen: number | null): Promise<void> {
    const watcher: Watcher = { response, waiting: [], known: 0, statusRevision: 0 }
    watchers.add(watcher)
    response.on('error', () => undefined)
    response.once('close', () => watchers.delete(watcher))
    const { status, revision, runs, unavailable } = await agent.catchUp(lastSeen).catch((error) => {
      watchers.delete(watcher)
      throw error
    })
    if (response.destroyed) return
    watcher.known = revision
    watcher.statusRevision = revision
    response.writeHead(200, streamHeaders)
    response.write('retry: 2000\n\n')
    // Until the runs that it missed are sent, its id stays the one that it came with: a cut in between loses none of them.
    const seen = lastSeen !== null && runs.length > 0 ? lastSeen : revision
    send(watcher, serialize({ type: 'status', status, revision, seen }))
    for (const run of runs) {
      // As fast as it reads: what it missed may be more than it may fall behind.
      if (response.write(serialize({ type: 'run', run }))) continue
      await drained(response)
      if (response.destroyed) return
    }
    if (unavailable !== null) send(watcher, serialize({ type: 'unavailable', unavailable }))
    const waiting = watcher.waiting ?? []
    watcher.waiting = null
    for (const event of waiting) {
      if (!isNews(event, watcher)) continue
      send(watcher, isBehind(event, watcher) ? serialize(event, watcher.known) : serialize(event))
    }
  }

  return withLifetime({ open, count: () => watchers.size }, () => {
    clearInterval(ping)
    leave()
    for (const { response, waiting } of watchers) {
      if (waiting) response.destroy()
      else response.end()
    }
  })
}

const pingBytes = Buffer.from(': ping\n\n')

const streamHeaders = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store',
  'X-Accel-Buffering': 'no',
  'X-Content-Type-Options': 'nosniff',
}

/** Until there is room again, or nobody to write to: one that reads nothing for long is closed. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => response.destroy(), drainPatience)
    const done = () => {
      clearTimeout(timer)
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })
}

/** A run is told once, and a status never goes back: one of the same revision comes after a reconnect. */
function isNews(event: LiveEvent, watcher: Watcher): boolean {
  if (event.type === 'progress' || event.type === 'unavailable') return true
  if (event.type === 'run') return event.run.revision > watcher.known
  if (event.revision < watcher.statusRevision) return false
  watcher.statusRevision = event.revision
  return true
}

/** Whether the watcher, which came with a later status, was sent more runs than the watchers before it. */
function isBehind(event: LiveEvent, watcher: Watcher): boolean {
  return event.type === 'status' && event.seen < watcher.known
}

/**
 * JSON holds no line break, so that no value can end its field (F27). The id is the revision up to which the watcher
 * was sent every run: it comes back with that one.
 */
function serialize(event: LiveEvent, seen?: number): Buffer {
  if (event.type === 'progress') return Buffer.from(`event: progress\ndata: ${JSON.stringify(event.progress)}\n\n`)
  if (event.type === 'unavailable')
    return Buffer.from(`event: unavailable\ndata: ${JSON.stringify(event.unavailable)}\n\n`)
  const [id, data] = event.type === 'run' ? [event.run.revision, event.run] : [seen ?? event.seen, event.status]
  return Buffer.from(`event: ${event.type}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`)
}
