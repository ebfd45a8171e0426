import { type Lifetime, startLoop, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { withTimeout } from '../lib/timeout.ts'
import type { Progress, Run, Status, Unavailable } from '../wire/types.ts'

/**
 * What a watcher sees, in the order of revisions. `revision` is the highest that a status includes, `seen` the one up to
 * which every run was sent to the watchers: a run may end between the two.
 */
export type LiveEvent =
  | { type: 'status'; status: Status; revision: number; seen: number }
  | { type: 'run'; run: Run }
  | { type: 'progress'; progress: Progress }
  /** What was told before may no longer be true, until the next status. */
  | { type: 'unavailable'; unavailable: Unavailable }

/** Tells watchers what changed: it is asked to look by hints, and reads the tables, which are the truth. */
export type Broadcast = Lifetime & {
  /** Tells `watcher` everything from now on, until the returned function is called. */
  add: (watcher: (event: LiveEvent) => void) => () => void
  /** Reads what changed and tells it; `whole`: a status too, though no run ended. */
  look: (what: { whole: boolean }) => void
  /** Subscribers have this state: only later changes are broadcast. */
  told: (state: { status: Status; revision: number }) => void
  /** The Sync database does not answer: subscribers learn it at once, and get a status when it answers again. */
  lose: () => void
  /** What subscribers were told last, if it was that the Sync database does not answer. */
  lost: () => Unavailable | null
  /** Broadcasts the progress of a run that is known to be active. */
  progress: (progress: Progress) => void
}

export type BroadcastOptions = {
  readStatus: () => Promise<{ status: Status; revision: number }>
  /** The runs that changed after a revision, in that order. */
  readRunsSince: (revision: number) => Promise<Run[]>
  /** Whether hints arrive. While they do not, no status is broadcast: it could be outdated at once, and unnoticed. */
  listening: () => boolean
  log: Log
}

/**
 * A read that takes longer, in milliseconds, is left behind and begun anew: its connection may be half-open, and the
 * watchers are to be right within 15 s (F20).
 */
const patience = 4_000
const pauseBeforeRetry = 1_000

const unavailable: Unavailable = {
  message: 'The Sync database does not answer',
  hint: 'Check that it is running and that DATABASE_URL reaches it; the agent reconnects by itself',
}

export function createBroadcast({ readStatus, readRunsSince, listening, log }: BroadcastOptions): Broadcast {
  const watchers = new Set<(event: LiveEvent) => void>()
  /** The highest revision that the watchers have seen; null until anybody was told anything. */
  let seen: number | null = null
  /** Runs that are active by the tables: a notification of any other run's progress is dropped, for it can be forged. */
  const active = new Set<string>()
  /** A whole status is owed to the watchers, until it was told: a read that fails is tried again. */
  let owed = false
  let lost = false

  const broadcast = (event: LiveEvent) => {
    for (const watcher of watchers) watcher(event)
  }

  async function tellNews(): Promise<void> {
    const runs = seen === null ? [] : await withTimeout(patience, readRunsSince(seen))
    for (const run of runs) {
      seen = run.revision
      if (run.finishedAt === null) active.add(run.id)
      else active.delete(run.id)
      owed ||= run.finishedAt !== null
      broadcast({ type: 'run', run })
    }
    if (!owed || !listening()) return
    const latest = await withTimeout(patience, readStatus())
    seen ??= latest.revision
    owed = false
    lost = false
    broadcast({ type: 'status', ...latest, seen })
  }

  function lose(): void {
    owed = true
    if (!lost) broadcast({ type: 'unavailable', unavailable })
    lost = true
  }

  const loop = startLoop({
    pass: tellNews,
    retryMs: pauseBeforeRetry,
    onError: (err) => {
      log.warn({ err }, 'the state could not be read for the watchers; it is tried again')
      lose()
    },
  })

  function look({ whole }: { whole: boolean }): void {
    owed ||= whole
    loop.soon()
  }

  const part: Omit<Broadcast, keyof Lifetime> = {
    look,
    lose,
    lost: () => (lost ? unavailable : null),
    add: (watcher) => {
      watchers.add(watcher)
      return () => void watchers.delete(watcher)
    },
    told: ({ status, revision }) => {
      seen ??= revision
      for (const { activeRun } of status.clientSystems) if (activeRun) active.add(activeRun.id)
    },
    progress: (progress) => {
      if (active.has(progress.runId)) broadcast({ type: 'progress', progress })
    },
  }
  const stop = async () => {
    watchers.clear()
    await loop.stop()
  }
  return withLifetime(part, stop, { timeoutMs: 1_000 })
}
