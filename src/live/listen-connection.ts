import createSubscriber, { type Subscriber } from 'pg-listen'
import type { DatabaseTarget } from '../config/targets.ts'
import { connectionOptions } from '../db/connect.ts'
import { channel } from '../db/notices.ts'

/** One connection that listens for notifications. It is opened once; after it is lost, another one is opened. */
export type ListenConnection = {
  /** Connects and listens. Throws the error of the driver. */
  open: () => Promise<void>
  close: () => Promise<void>
  /** Closes a lost connection without waiting for it, because it may be half-open. Its later events are ignored. */
  discard: () => void
}

export type ListenConnectionOptions = {
  /** Called with the parsed JSON of each notification; null for one that is not JSON. */
  onPayload: (payload: unknown) => void
  /** Called when the connection is lost. */
  onError: (error: Error) => void
}

/** Returns a connection that is not open yet. */
export function createListenConnection(
  target: DatabaseTarget,
  { onPayload, onError }: ListenConnectionOptions,
): ListenConnection {
  const subscriber = createSubscriber.default(
    {
      ...connectionOptions(target, { application: 'meter-sync-agent listener', connectTimeoutMs: 5_000 }),
      query_timeout: 5_000,
    },
    // No retries: pg-listen would wait for a half-open socket, and the listener opens another connection anyway.
    { parse: parseOrNull, paranoidChecking: false, retryLimit: 1 },
  )
  subscriber.events.on('error', onError)
  subscriber.notifications.on(channel, onPayload)
  return {
    open: async () => {
      await subscriber.connect()
      await subscriber.listenTo(channel)
    },
    close: async () => await subscriber.close(),
    discard: () => discard(subscriber),
  }
}

function discard(subscriber: Subscriber): void {
  const { events } = subscriber
  for (const event of ['connected', 'notification', 'error'] as const) events.removeAllListeners(event)
  // An error event without a listener would end the process.
  events.on('error', () => undefined)
  subscriber.close().catch(() => undefined)
}

/** Parses a payload. pg-listen would report an error when this throws. */
function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
