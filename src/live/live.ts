import type pg from 'pg'
import type { Config } from '../config/environment.ts'
import { drizzle } from '../db/drizzle.ts'
import { type Lifetime, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { listRunsSince } from '../runs/list.ts'
import type { Run, Status, Unavailable } from '../wire/types.ts'
import { createBroadcast, type LiveEvent } from './broadcast.ts'
import { startListener } from './listen.ts'
import { createStatus } from './status.ts'

/** The state of the Client Systems, and the events that change it. */
export type Live = Lifetime & {
  status: () => Promise<Status>
  /** Calls `subscriber` with every event from now on, in the order of revisions, until the returned function is called. */
  subscribe: (subscriber: (event: LiveEvent) => void) => () => void
  /** The state for a subscriber that has just subscribed, so that nothing falls between (agent.ts, `catchUp`). */
  catchUp: (since: number | null) => Promise<CaughtUp>
  /** Whether this process receives the notifications of others. */
  listening: () => boolean
}

export type CaughtUp = { status: Status; revision: number; runs: Run[]; unavailable: Unavailable | null }

export type LiveOptions = {
  config: Pick<Config, 'syncDatabase' | 'clientSystems' | 'demonstration'>
  pool: pg.Pool
  version: string
  /** The Client Systems whose runs this process works on now. */
  working: () => string[]
  /** The listener was (re)connected: notifications may have been missed. */
  onConnected: () => void
  onRunEnded: (runId: string) => void
  /** Tokens or sessions changed. */
  onAccess: () => void
  log: Log
}

/** The most runs that a broadcast reads, and a subscriber that comes back is sent. */
const maxBroadcastRuns = 1_000
const maxMissedRuns = 200

/** Listens for notifications, reads what changed from the tables, and broadcasts it. */
export function startLive(options: LiveOptions): Live {
  const { config, pool, version, working, onConnected, onRunEnded, onAccess, log } = options
  const db = drizzle(pool)
  const ids = config.clientSystems.map(({ id }) => id)
  const readStatus = createStatus({ config, pool, version, workers: (id) => listener.workers(id) })

  async function status() {
    const latest = await readStatus()
    broadcast.told(latest)
    return latest
  }

  const broadcast = createBroadcast({
    readStatus: status,
    readRunsSince: (revision) => listRunsSince(db, ids, revision, maxBroadcastRuns),
    listening: () => listener.connected(),
    log,
  })

  const listener = startListener({
    target: config.syncDatabase,
    pool,
    log,
    working,
    onWorkers: () => broadcast.look({ whole: true }),
    onLost: () => {
      broadcast.lose()
      broadcast.look({ whole: true })
    },
    onConnected: () => {
      onConnected()
      broadcast.look({ whole: true })
    },
    onNotice: (notice) => {
      if (notice.type === 'access') return onAccess()
      if (!ids.includes(notice.clientSystemId)) return
      if (notice.type === 'run') {
        if (notice.ended) onRunEnded(notice.runId)
        return broadcast.look({ whole: false })
      }
      const { type: _, ...progress } = notice
      broadcast.progress(progress)
    },
  })

  async function catchUp(since: number | null): Promise<CaughtUp> {
    const latest = await status()
    const runs = since === null ? [] : await listRunsSince(db, ids, since, maxMissedRuns)
    // What changed after the status reaches the subscriber by itself.
    const missed = runs.filter(({ revision }) => revision <= latest.revision)
    return { ...latest, runs: missed, unavailable: broadcast.lost() }
  }

  return withLifetime(
    {
      status: async () => (await status()).status,
      subscribe: broadcast.add,
      catchUp,
      listening: listener.connected,
    },
    async () => void (await Promise.all([listener.stop(), broadcast.stop()])),
  )
}
