import type { DatabaseTarget } from '../config/targets.ts'
import { drizzle } from '../db/drizzle.ts'
import { type Lifetime, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { listRunsSince } from '../runs/list.ts'
import type { Notice, Status } from '../wire/types.ts'
import { type Broadcast, createBroadcast, type LiveEvent } from './broadcast.ts'
import { startListener } from './listen.ts'
import { createStatus, type StatusAt, type StatusOptions } from './status.ts'
import { type CaughtUp, openSubscription, type Subscription } from './subscription.ts'

/** The state of the Client Systems, and the events that change it. */
export type Live = Lifetime & {
  /** Returns the state of every Client System. */
  status: () => Promise<Status>
  /** Calls `subscriber` with every event from now on, in the order of revisions, until the returned function is called. */
  subscribe: (subscriber: (event: LiveEvent) => void) => () => void
  /** Opens a subscription that begins with the state, and with the runs that changed after `since` (subscription.ts). */
  subscribeSince: (since: number | null, onOverflow: () => void) => Promise<Subscription>
  /** Whether this process receives the notifications of others. */
  listening: () => boolean
}

/** What other parts of the process do at notifications. */
export type LiveReactions = {
  /** Returns the Client Systems whose runs this process works on now. */
  workingFor: () => string[]
  /** Called after every connect and reconnect, because notifications may have been missed. */
  onConnected: () => void
  /** Called when a notification says that a run has ended. */
  onRunEnded: (runId: string) => void
  /** Called when a notification says that tokens or sessions changed. */
  onAccess: () => void
}

export type LiveOptions = LiveReactions &
  Omit<StatusOptions, 'countWorkers'> & {
    syncDatabase: DatabaseTarget
    log: Log
  }

/** The maximum number of runs that a broadcast reads at once, and that a reconnecting subscriber receives. */
const maxBroadcastRuns = 1_000
const maxMissedRuns = 200

/** Listens for notifications, reads what changed from the tables, and broadcasts it. */
export function startLive(options: LiveOptions): Live {
  const { syncDatabase, clientSystems, demonstration, version, pool, workingFor, onConnected, log } = options
  const db = drizzle(pool)
  const ids = clientSystems.map(({ id }) => id)
  const countWorkers = (id: string) => listener.countWorkers(id)
  const readStatus = createStatus({ clientSystems, demonstration, version, pool, countWorkers })

  async function status(): Promise<StatusAt> {
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
  const refreshAll = () => broadcast.refresh({ withStatus: true })
  const listener = startListener({
    target: syncDatabase,
    pool,
    log,
    workingFor,
    onWorkers: refreshAll,
    onLost: () => {
      broadcast.reportUnavailable()
      refreshAll()
    },
    onConnected: () => {
      onConnected()
      refreshAll()
    },
    onNotice: (notice) => handleNotice(notice, ids, broadcast, options),
  })

  /** Reads the state, and the runs that changed between `since` and it. Later changes are broadcast. */
  async function catchUp(since: number | null): Promise<CaughtUp> {
    const latest = await status()
    const runs = since === null ? [] : await listRunsSince(db, ids, since, maxMissedRuns)
    const missed = runs.filter(({ revision }) => revision <= latest.revision)
    return { ...latest, runs: missed, unavailable: broadcast.unavailable() }
  }

  const subscribe: Live['subscribe'] = (subscriber) => broadcast.subscribe(subscriber)
  return withLifetime(
    {
      status: async () => (await status()).status,
      subscribe,
      subscribeSince: (since: number | null, onOverflow: () => void) =>
        openSubscription({ since, subscribe, catchUp, onOverflow }),
      listening: () => listener.connected(),
    },
    async () => void (await Promise.all([listener.stop(), broadcast.stop()])),
  )
}

/** Passes on what a notification says. One about a Client System of another agent is ignored. */
function handleNotice(
  notice: Exclude<Notice, { type: 'ping' }>,
  clientSystemIds: readonly string[],
  broadcast: Broadcast,
  { onAccess, onRunEnded }: LiveReactions,
): void {
  if (notice.type !== 'access' && !clientSystemIds.includes(notice.clientSystemId)) return
  switch (notice.type) {
    case 'access':
      onAccess()
      break
    case 'run':
      if (notice.ended) onRunEnded(notice.runId)
      broadcast.refresh({ withStatus: false })
      break
    case 'kept':
      broadcast.refresh({ withStatus: true })
      break
    case 'progress': {
      const { type: _, ...progress } = notice
      broadcast.sendProgress(progress)
    }
  }
}
