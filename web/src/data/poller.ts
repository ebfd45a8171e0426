/** Requests the status where the event stream does not bring it. */
import type { Status } from '../../../src/wire/types.ts'
import { readStatus } from './api.ts'
import { toApiError } from './requests.ts'
import type { Connection, Refused, State } from './state.ts'

export type Poller = {
  /** Requests the status now, unless a request is in progress. */
  poll(): void
  /** Stops, and ignores an answer that is still to come. */
  stop(): void
}

/** `before` is the connection at the time of the request. */
type Options = {
  state: () => State
  onStatus: (status: Status, before: Connection) => void
  onUnanswered: (refused: Refused | null, before: Connection) => void
}

/** A status that is older is requested again: neither outdated meters nor a dead connection cause an event. */
const statusAgeMs = 60_000
/** The interval while the stream brings nothing. A proxy that buffers it may pass an answer on. */
const withoutStreamMs = 5_000

/** Requests the status, while the tab is visible, when a live stream has been silent for long or there is none. */
export function createPoller({ state, onStatus, onUnanswered }: Options): Poller {
  let polling = false
  let stopped = false
  let polledAt = Date.now()
  const poll = async () => {
    if (polling) return
    polling = true
    const before = state().connection
    try {
      const status = await readStatus()
      if (!stopped) onStatus(status, before)
    } catch (reason) {
      if (!stopped) onUnanswered(refusedBy(reason), before)
    } finally {
      polling = false
      polledAt = Date.now()
    }
  }
  const timer = setInterval(() => {
    const now = Date.now()
    const live = state().connection === 'live'
    if (live) polledAt = now
    const due = live ? isDue(state(), now) : now - polledAt >= withoutStreamMs
    if (due && !document.hidden) void poll()
  }, 1_000)
  return {
    poll: () => void poll(),
    stop() {
      stopped = true
      clearInterval(timer)
    },
  }
}

/** Returns why a request was answered with an error; null when nothing answers. */
export function refusedBy(reason: unknown): Refused | null {
  const { status, message, hint } = toApiError(reason)
  return status === 0 ? null : { message, hint }
}

/** Returns whether a live stream has been silent for so long that the status is requested. */
function isDue({ statusAt }: State, now: number): boolean {
  return statusAt !== null && now - statusAt > statusAgeMs
}
