import { type Lifetime, type Loop, startLoop, stopOnce } from '../lib/lifetime.ts'
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

/**
 * A read that takes longer is abandoned and repeated: its connection may be half-open, and events must go on within 15 s
 * (F20).
 */
const readTimeoutMs = 4_000
const retryMs = 1_000
const stopTimeoutMs = 1_000

const databaseUnavailable: Unavailable = {
  message: 'The Sync database does not answer',
  hint: 'Check that it is running and that DATABASE_URL reaches it; the agent reconnects by itself',
}

export function createBroadcast(options: BroadcastOptions): Broadcast {
  return new RunBroadcast(options)
}

type Subscriber = (event: LiveEvent) => void

class RunBroadcast implements Broadcast {
  readonly #options: BroadcastOptions
  readonly #loop: Loop
  readonly #subscribers = new Set<Subscriber>()
  /** Every run up to this revision has been sent; null until a subscriber has received a state. */
  #runsSentTo: number | null = null
  /** The ids of active runs. Progress of any other run is dropped, because any role can forge a notification. */
  readonly #active = new Set<string>()
  /** A status must be sent. Stays true when reading it fails, so that the next attempt sends it. */
  #statusDue = false
  #isUnavailable = false

  constructor(options: BroadcastOptions) {
    this.#options = options
    this.#loop = startLoop({
      pass: async () => {
        await this.#sendRuns()
        await this.#sendStatusIfDue()
      },
      retryMs,
      onError: (err, { repeated }) => {
        if (!repeated) options.log.warn({ err }, 'cannot read the state for live events; retrying')
        this.reportUnavailable()
      },
    })
  }

  readonly stop = stopOnce(
    async () => {
      this.#subscribers.clear()
      await this.#loop.stop()
    },
    { timeoutMs: stopTimeoutMs },
  )

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  subscribe(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber)
    return () => void this.#subscribers.delete(subscriber)
  }

  refresh({ withStatus }: { withStatus: boolean }): void {
    this.#statusDue ||= withStatus
    this.#loop.requestPass()
  }

  recordSent({ status, revision }: { status: Status; revision: number }): void {
    this.#runsSentTo ??= revision
    for (const { activeRun } of status.clientSystems) if (activeRun) this.#active.add(activeRun.id)
  }

  reportUnavailable(): void {
    this.#statusDue = true
    if (!this.#isUnavailable) this.#send({ type: 'unavailable', unavailable: databaseUnavailable })
    this.#isUnavailable = true
  }

  unavailable(): Unavailable | null {
    return this.#isUnavailable ? databaseUnavailable : null
  }

  sendProgress(progress: Progress): void {
    if (this.#active.has(progress.runId)) this.#send({ type: 'progress', progress })
  }

  /** Sends the runs that changed since the last one that was sent. The end of a run makes a status due. */
  async #sendRuns(): Promise<void> {
    if (this.#runsSentTo === null) return
    const runs = await withTimeout(readTimeoutMs, this.#options.readRunsSince(this.#runsSentTo))
    for (const run of runs) {
      this.#runsSentTo = run.revision
      if (run.finishedAt === null) this.#active.add(run.id)
      else this.#active.delete(run.id)
      this.#statusDue ||= run.finishedAt !== null
      this.#send({ type: 'run', run })
    }
  }

  async #sendStatusIfDue(): Promise<void> {
    if (!this.#statusDue || !this.#options.listening()) return
    const state = await withTimeout(readTimeoutMs, this.#options.readStatus())
    this.#runsSentTo ??= state.revision
    this.#statusDue = false
    this.#isUnavailable = false
    this.#send({ type: 'status', ...state, runsSentTo: this.#runsSentTo })
  }

  #send(event: LiveEvent): void {
    for (const subscriber of this.#subscribers) subscriber(event)
  }
}
