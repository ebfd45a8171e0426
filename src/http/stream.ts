import type { ServerResponse } from 'node:http'
import type { Agent, LiveEvent } from '../agent.ts'
import { type Lifetime, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'

/** The event streams of this process (Server-Sent Events). */
export type Streams = Lifetime & {
  /**
   * Sends events to a subscriber until either side closes. `lastSeen` is its Last-Event-ID, the last revision that it
   * received. Throws before it writes anything when the state cannot be read.
   */
  open: (response: ServerResponse, lastSeen: number | null) => Promise<void>
  /** The number of open streams. */
  count: () => number
}

const pingIntervalMs = 15_000
/** A subscriber that reads slower than events come is closed here. It reconnects with its Last-Event-ID (F22). */
const maxBufferedBytes = 64 * 1_024
const drainTimeoutMs = 15_000

/** Creates the event streams. The protocol between a stream and its subscriber is that of live/subscription.ts. */
export function createStreams(agent: Agent, log: Log): Streams {
  /** The open responses. `started` is false until the headers and the initial events have been sent. */
  const streams = new Map<ServerResponse, { started: boolean }>()
  const serialize = createSerializer()

  const send = (response: ServerResponse, bytes: Buffer) => {
    if (response.writableLength > maxBufferedBytes) {
      log.debug('an event stream was closed because its subscriber reads too slowly')
      response.destroy()
    } else response.write(bytes)
  }

  const ping = setInterval(() => {
    for (const [response, { started }] of streams) if (started) send(response, pingBytes)
  }, pingIntervalMs)

  async function open(response: ServerResponse, lastSeen: number | null): Promise<void> {
    const stream = { started: false }
    streams.set(response, stream)
    response.on('error', () => undefined)
    response.once('close', () => streams.delete(response))
    const subscription = await agent
      .subscribeSince(lastSeen, () => response.destroy())
      .catch((error) => {
        streams.delete(response)
        throw error
      })
    response.once('close', subscription.close)
    if (response.destroyed) return subscription.close()
    response.writeHead(200, streamHeaders)
    response.write('retry: 2000\n\n')
    for (const event of subscription.initial) {
      // Waits for a slow subscriber, because the runs that it missed may be larger than the buffer allows.
      if (response.write(serialize(event))) continue
      await drained(response)
      if (response.destroyed) return
    }
    stream.started = true
    subscription.start((event) => send(response, serialize(event)))
  }

  return withLifetime({ open, count: () => streams.size }, () => {
    clearInterval(ping)
    for (const [response, { started }] of streams) {
      if (started) response.end()
      else response.destroy()
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

/** Waits until the response can be written to again or is closed. Closes it when the subscriber reads nothing in time. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => response.destroy(), drainTimeoutMs)
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

/** Returns a function that serializes an event once for all subscribers, because a status can be large. */
function createSerializer(): (event: LiveEvent) => Buffer {
  const serialized = new WeakMap<LiveEvent, Buffer>()
  return (event) => {
    const known = serialized.get(event)
    if (known) return known
    const bytes = Buffer.from(toText(event))
    serialized.set(event, bytes)
    return bytes
  }
}

/** Formats an event. JSON text has no line break, so no value can end its field (F27). */
function toText(event: LiveEvent): string {
  switch (event.type) {
    case 'progress':
      return `event: progress\ndata: ${JSON.stringify(event.progress)}\n\n`
    case 'unavailable':
      return `event: unavailable\ndata: ${JSON.stringify(event.unavailable)}\n\n`
    case 'run':
      return `event: run\nid: ${event.run.revision}\ndata: ${JSON.stringify(event.run)}\n\n`
    case 'status':
      return `event: status\nid: ${event.runsSentTo}\ndata: ${JSON.stringify(event.status)}\n\n`
  }
}
