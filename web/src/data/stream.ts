/** The event stream of the agent, kept open. Calls the subscriber for each event, in the order of the stream. */
import type { Progress, Run, Status, Unavailable } from '../../../src/wire/types.ts'

export type StreamSubscriber = {
  onStatus(status: Status): void
  onRun(run: Run): void
  onProgress(progress: Progress): void
  /** The agent has lost its Sync database: the state may be outdated until the next status. */
  onUnavailable(unavailable: Unavailable): void
  /** The stream broke or was paused: the state may be outdated until the next status. */
  onLost(): void
  /** The agent answered, but not with a stream: a login may be required. The stream is opened again all the same. */
  onRefused(): void
}

export type Stream = {
  /** Opens a new connection at once, whatever the old one seems to be. */
  reopen(): void
  /** Ends the connection and every attempt at a new one. May be called twice. */
  stop(): void
}

const hiddenLimitMs = 5 * 60_000
const firstRetryMs = 2_000
const maxRetryMs = 30_000
/** Longer than any throttling of timers in a hidden tab: the computer slept, and the connection with it. */
const sleepMs = 150_000

/**
 * Follows `url` until `stop()`. EventSource reconnects by itself and requests the events that it missed. After an HTTP
 * error it gives up, and a new one is opened, after a longer time at each attempt. A tab that is hidden for five minutes closes
 * its connection and opens a new one when it is visible again; so do a page from the cache and a computer after its sleep.
 */
export function openStream(url: string, subscriber: StreamSubscriber): Stream {
  let source: EventSource | null = null
  let retryMs = firstRetryMs
  let retryTimer: ReturnType<typeof setTimeout> | undefined

  const close = () => {
    clearTimeout(retryTimer)
    source?.close()
    source = null
  }
  const open = () => {
    close()
    const opened = connect(url, {
      ...subscriber,
      onStatus: (status) => {
        retryMs = firstRetryMs
        subscriber.onStatus(status)
      },
    })
    source = opened
    opened.addEventListener('error', () => {
      subscriber.onLost()
      if (opened.readyState !== EventSource.CLOSED || source !== opened) return
      subscriber.onRefused()
      clearTimeout(retryTimer)
      retryTimer = setTimeout(open, retryMs * (0.8 + Math.random() * 0.4))
      retryMs = Math.min(retryMs * 2, maxRetryMs)
    })
  }
  const reopen = () => {
    retryMs = firstRetryMs
    subscriber.onLost()
    open()
  }
  const unfollow = followTab({
    isOpen: () => source?.readyState === EventSource.OPEN,
    close,
    pause: () => {
      close()
      subscriber.onLost()
    },
    reopen,
  })
  open()
  return {
    reopen,
    stop() {
      unfollow()
      close()
    },
  }
}

/** Opens a connection that passes each event on. */
function connect(url: string, { onStatus, onRun, onProgress, onUnavailable }: StreamSubscriber): EventSource {
  const source = new EventSource(url)
  source.addEventListener('status', (event) => onStatus(JSON.parse(event.data)))
  source.addEventListener('run', (event) => onRun(JSON.parse(event.data)))
  source.addEventListener('progress', (event) => onProgress(JSON.parse(event.data)))
  source.addEventListener('unavailable', (event) => onUnavailable(JSON.parse(event.data)))
  return source
}

type Followed = { isOpen: () => boolean; close: () => void; pause: () => void; reopen: () => void }

/** Pauses in a tab that is hidden for long, and reopens when it is seen, online or awake again. Returns what ends that. */
function followTab({ isOpen, close, pause, reopen }: Followed): () => void {
  const stopping = new AbortController()
  const { signal } = stopping
  let hiddenTimer: ReturnType<typeof setTimeout> | undefined
  let tickedAt = Date.now()
  const followVisibility = () => {
    clearTimeout(hiddenTimer)
    if (document.hidden) hiddenTimer = setTimeout(pause, hiddenLimitMs)
    else if (!isOpen()) reopen()
  }
  document.addEventListener('visibilitychange', followVisibility, { signal })
  addEventListener('online', reopen, { signal })
  addEventListener('pagehide', close, { signal })
  addEventListener('pageshow', (event) => event.persisted && reopen(), { signal })
  const tick = setInterval(() => {
    const slept = Date.now() - tickedAt > sleepMs
    tickedAt = Date.now()
    if (slept && !document.hidden) reopen()
  }, 5_000)
  return () => {
    stopping.abort()
    clearInterval(tick)
    clearTimeout(hiddenTimer)
  }
}
