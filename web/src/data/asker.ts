/** Questions to the agent for what its event stream does not tell. */
import type { Status } from '../../../src/wire/types.ts'
import { readStatus } from './api.ts'
import { toApiError } from './requests.ts'
import type { Connection, Refused, State } from './state.ts'

export type Asker = {
  /** Asks now, unless a question is under way. */
  ask(): void
  /** Asks no more, and keeps an answer that is still to come to itself. */
  stop(): void
}

/** `before` is what the connection was when the question was put. */
type Options = {
  state: () => State
  onStatus: (status: Status, before: Connection) => void
  onUnanswered: (refused: Refused | null, before: Connection) => void
}

/** A whole status is asked for again when this old: freshness runs out in silence, and so does a connection. */
const statusAgeMs = 60_000
/** While the stream brings nothing: what holds it back may let an answer through. */
const withoutStreamMs = 5_000

/** Asks for the status, while the tab is looked at, whenever a live stream has been silent for long or there is none. */
export function createAsker({ state, onStatus, onUnanswered }: Options): Asker {
  let asking = false
  let stopped = false
  let askedAt = Date.now()
  const ask = async () => {
    if (asking) return
    asking = true
    const before = state().connection
    try {
      const status = await readStatus()
      if (!stopped) onStatus(status, before)
    } catch (reason) {
      if (!stopped) onUnanswered(refusedBy(reason), before)
    } finally {
      asking = false
      askedAt = Date.now()
    }
  }
  const timer = setInterval(() => {
    const now = Date.now()
    const live = state().connection === 'live'
    if (live) askedAt = now
    const due = live ? isDue(state(), now) : now - askedAt >= withoutStreamMs
    if (due && !document.hidden) void ask()
  }, 1_000)
  return {
    ask: () => void ask(),
    stop() {
      stopped = true
      clearInterval(timer)
    },
  }
}

/** What an agent says that answers and has no status; null where nobody answers. */
function refusedBy(reason: unknown): Refused | null {
  const { status, message, hint } = toApiError(reason)
  return status === 0 ? null : { message, hint }
}

/** Whether a live stream has been silent for long enough. */
function isDue({ statusAt }: State, now: number): boolean {
  return statusAt !== null && now - statusAt > statusAgeMs
}
