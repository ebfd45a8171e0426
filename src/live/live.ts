import type pg from 'pg'
import type { Config } from '../config/environment.ts'
import { drizzle } from '../db/drizzle.ts'
import { type Lifetime, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { listRunsSince } from '../runs/list.ts'
import type { Status } from '../wire/types.ts'
import { createBroadcast, type LiveEvent } from './broadcast.ts'
import { startListener } from './listen.ts'
import { createStatus } from './status.ts'
import { type CaughtUp, openSubscription, type Subscription } from './subscription.ts'

/** The state of the Client Systems, and the events that change it. */
export type Live = Lifetime & {
  status: () => Promise<Status>
  /** Calls `subscriber` with every event from now on, in the order of revisions, until the returned function is called. */
  subscribe: (subscriber: (event: LiveEvent) => void) => () => void
  /** Opens a subscription that begins with the state, and with the runs that changed after `since` (subscription.ts). */
  subscribeSince: (since: number | null, onOverflow: () => void) => Promise<Subscription>
  /** Whether this process receives the notifications of others. */
  listening: () => boolean
}

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

/** The maximum number of runs that a broadcast reads at once, and that a reconnecting subscriber receives. */
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
    broadcast.recordSent(latest)
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
    onWorkers: () => broadcast.refresh({ withStatus: true }),
    onLost: () => {
      broadcast.reportUnavailable()
      broadcast.refresh({ withStatus: true })
    },
    onConnected: () => {
      onConnected()
      broadcast.refresh({ withStatus: true })
    },
    onNotice: (notice) => {
      if (notice.type === 'access') return onAccess()
      if (!ids.includes(notice.clientSystemId)) return
      if (notice.type === 'run') {
        if (notice.ended) onRunEnded(notice.runId)
        return broadcast.refresh({ withStatus: false })
      }
      if (notice.type === 'kept') return broadcast.refresh({ withStatus: true })
      const { type: _, ...progress } = notice
      broadcast.sendProgress(progress)
    },
  })

  /** Reads the state, and the runs that changed between `since` and it. */
  async function catchUp(since: number | null): Promise<CaughtUp> {
    const latest = await status()
    const runs = since === null ? [] : await listRunsSince(db, ids, since, maxMissedRuns)
    // Later changes are broadcast.
    const missed = runs.filter(({ revision }) => revision <= latest.revision)
    return { ...latest, runs: missed, unavailable: broadcast.unavailable() }
  }

  const part: Omit<Live, keyof Lifetime> = {
    status: async () => (await status()).status,
    subscribe: broadcast.subscribe,
    subscribeSince: (since, onOverflow) =>
      openSubscription({ since, subscribe: broadcast.subscribe, catchUp, onOverflow }),
    listening: listener.connected,
  }
  return withLifetime(part, async () => void (await Promise.all([listener.stop(), broadcast.stop()])))
}
