import { type Lifetime, startLoop, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { withTimeout } from '../lib/timeout.ts'
import type { Progress, Run, Status, Unavailable } from '../wire/types.ts'

/**
 * What subscribers receive. subscription.ts explains how the revisions of these events fit together.
 *
 * - `status` is the state at `revision`. Every run up to revision `runsSentTo` has been sent before it; that is less than
 *   `revision` when another run changes while the state is read.
 * - `run` is a run after its latest change.
 * - `progress` counts the rows of an active run.
 * - `unavailable` says that earlier events may no longer be true, until the next `status`.
 */
export type LiveEvent =
  | { type: 'status'; status: Status; revision: number; runsSentTo: number }
  | { type: 'run'; run: Run }
  | { type: 'progress'; progress: Progress }
  | { type: 'unavailable'; unavailable: Unavailable }

/**
 * Sends changes to the subscribers of this process. Notifications only trigger a refresh; what is sent is always read from
 * the tables.
 */
export type Broadcast = Lifetime & {
  /** Calls `subscriber` with every event from now on, until the returned function is called. */
  subscribe: (subscriber: (event: LiveEvent) => void) => () => void
  /** Reads and sends the runs that changed. A `status` follows when a run has ended, or when `withStatus` is true. */
  refresh: (options: { withStatus: boolean }) => void
  /** Records that a subscriber has this state, so that only later changes are sent. */
  recordSent: (state: { status: Status; revision: number }) => void
  /** Sends `unavailable`, once, because the Sync database does not answer. A `status` follows when it answers again. */
  reportUnavailable: () => void
  /** The `unavailable` event that was sent since the last `status`; otherwise null. */
  unavailable: () => Unavailable | null
  /** Sends the progress of a run that is known to be active. */
  sendProgress: (progress: Progress) => void
}

export type BroadcastOptions = {
  readStatus: () => Promise<{ status: Status; revision: number }>
  /** Returns the runs that changed after a revision, in that order. */
  readRunsSince: (revision: number) => Promise<Run[]>
  /** Whether notifications arrive. While they do not, no `status` is sent, because it could be outdated at once. */
  listening: () => boolean
  log: Log
}

/** A read that takes longer is abandoned and repeated: its connection may be half-open, and events must go on within 15 s (F20). */
const readTimeoutMs = 4_000
const retryMs = 1_000

const databaseUnavailable: Unavailable = {
  message: 'The Sync database does not answer',
  hint: 'Check that it is running and that DATABASE_URL reaches it; the agent reconnects by itself',
}

export function createBroadcast({ readStatus, readRunsSince, listening, log }: BroadcastOptions): Broadcast {
  const subscribers = new Set<(event: LiveEvent) => void>()
  /** Every run up to this revision has been sent; null until a subscriber has received a state. */
  let runsSentTo: number | null = null
  /** The ids of active runs. Progress of any other run is dropped, because any role can forge a notification. */
  const active = new Set<string>()
  /** A status must be sent. Stays true when reading it fails, so that the next attempt sends it. */
  let statusDue = false
  let unavailable = false

  const send = (event: LiveEvent) => {
    for (const subscriber of subscribers) subscriber(event)
  }

  async function sendChanges(): Promise<void> {
    const runs = runsSentTo === null ? [] : await withTimeout(readTimeoutMs, readRunsSince(runsSentTo))
    for (const run of runs) {
      runsSentTo = run.revision
      if (run.finishedAt === null) active.add(run.id)
      else active.delete(run.id)
      statusDue ||= run.finishedAt !== null
      send({ type: 'run', run })
    }
    if (!statusDue || !listening()) return
    const state = await withTimeout(readTimeoutMs, readStatus())
    runsSentTo ??= state.revision
    statusDue = false
    unavailable = false
    send({ type: 'status', ...state, runsSentTo })
  }

  function reportUnavailable(): void {
    statusDue = true
    if (!unavailable) send({ type: 'unavailable', unavailable: databaseUnavailable })
    unavailable = true
  }

  const loop = startLoop({
    pass: sendChanges,
    retryMs,
    onError: (err) => {
      log.warn({ err }, 'cannot read the state for live events; retrying')
      reportUnavailable()
    },
  })

  const part: Omit<Broadcast, keyof Lifetime> = {
    subscribe: (subscriber) => {
      subscribers.add(subscriber)
      return () => void subscribers.delete(subscriber)
    },
    refresh: ({ withStatus }) => {
      statusDue ||= withStatus
      loop.soon()
    },
    recordSent: ({ status, revision }) => {
      runsSentTo ??= revision
      for (const { activeRun } of status.clientSystems) if (activeRun) active.add(activeRun.id)
    },
    reportUnavailable,
    unavailable: () => (unavailable ? databaseUnavailable : null),
    sendProgress: (progress) => {
      if (active.has(progress.runId)) send({ type: 'progress', progress })
    },
  }
  const stop = async () => {
    subscribers.clear()
    await loop.stop()
  }
  return withLifetime(part, stop, { timeoutMs: 1_000 })
}
