import { setTimeout } from 'node:timers/promises'
import type pg from 'pg'
import { createAccess } from './access/access.ts'
import { summarizeCollection } from './collection/summary.ts'
import { listTargets, type TargetRow, type TargetsFilter, tagTargets } from './collection/targets.ts'
import type { ClientSystem, Config } from './config/environment.ts'
import { drizzle } from './db/drizzle.ts'
import { isMigrated } from './db/migrate.ts'
import type { ResultPage } from './db/pages.ts'
import { AgentError, NotFoundError } from './lib/errors.ts'
import { createRedact, type Log } from './lib/log.ts'
import { version } from './lib/version.ts'
import { createBroadcast, type LiveEvent } from './live/broadcast.ts'
import { startListener } from './live/listen.ts'
import { createStatus, type StatusAt } from './live/status.ts'
import { listChanges, listHistory, listRejected } from './meters/changes.ts'
import { findMeter, findMeterByExternalId, listMeters, type MeterFilter } from './meters/lists.ts'
import { createPreviews } from './mirror/previews.ts'
import {
  type AllReadingsCursor,
  exportReadings,
  listAllReadings,
  type ReadingRow,
  type ReadingsFilter,
  toMeterReading,
} from './readings/list-all.ts'
import { type IncomingReading, listReadings, type ReadingCursor, storeReadings } from './readings/store.ts'
import { findActiveRun, findRun, listRuns, listRunsSince } from './runs/list.ts'
import type { TriggerRequest } from './runs/trigger.ts'
import type {
  Change,
  ChangeOperation,
  Collection,
  Meter,
  MeterReading,
  Preview,
  Reading,
  Rejected,
  Run,
  RunStatus,
  Status,
  StoredReadings,
  Unavailable,
} from './wire/types.ts'
import type { Jobs } from './workers/jobs.ts'

export { type Access, administrator, type Caller, type Login, sessionSeconds } from './access/access.ts'
export type { TargetRow } from './collection/targets.ts'
export type { LiveEvent } from './live/broadcast.ts'
export type { ReadingRow } from './readings/list-all.ts'

/** A filter of what one Client System has; null stands for the only one. */
type WithClientSystem<Filter> = Omit<Filter, 'clientSystemId'> & { clientSystemId: string | null }

/** A page of a list. `next` continues it and is null at its end. */
export type Page<Item, Cursor> = { items: Item[]; next: Cursor | null }

/** The public face: everything that people, programs and assistants can ask of the agent goes through here. */
export type Agent = ReturnType<typeof createAgent>

export type AgentOptions = {
  config: Config
  /** For the state of runs, and what must not wait. */
  pool: pg.Pool
  /** For what people ask of meters and history. */
  lists: pg.Pool
  /** For what collectors send. */
  readings: pg.Pool
  jobs: Jobs
  log: Log
}

/** How long a check of what is ready may take, in milliseconds: probes give up after a few seconds. */
const readyPatience = 3_000

export function createAgent({ config, pool, lists, readings, jobs, log }: AgentOptions) {
  const db = drizzle(pool)
  const ids = config.clientSystems.map(({ id }) => id)
  const redact = createRedact(config.secrets)
  const previews = createPreviews({ syncDatabase: config.syncDatabase, pool, redact, log })
  const readStatus = createStatus({ config, pool, version, workers: (id) => feed.workers(id) })

  async function status(): Promise<StatusAt> {
    const latest = await readStatus()
    watch.told(latest)
    return latest
  }

  const watch = createBroadcast({
    readStatus: status,
    readRunsSince: (revision) => listRunsSince(db, ids, revision, 1_000),
    listening: () => feed.connected(),
    log,
  })

  const access = createAccess({ pool, authToken: config.authToken, log })
  const refreshAccess = () => void access.refresh().catch((err) => log.debug({ err }, 'tokens were not read'))

  const feed = startListener({
    target: config.syncDatabase,
    pool,
    log,
    working: jobs.working,
    onWorkers: () => watch.look({ whole: true }),
    onLost: () => {
      watch.lose()
      watch.look({ whole: true })
    },
    onConnected: () => {
      refreshAccess()
      watch.look({ whole: true })
      jobs.connected()
    },
    onNotice: (notice) => {
      if (notice.type === 'access') return refreshAccess()
      if (!ids.includes(notice.clientSystemId)) return
      if (notice.type === 'run') {
        if (notice.ended) jobs.ended(notice.runId)
        return watch.look({ whole: false })
      }
      const { type: _, ...progress } = notice
      watch.progress(progress)
    },
  })

  function clientSystem(id: string | null): ClientSystem {
    const [only, ...others] = config.clientSystems
    if (id === null && only && others.length === 0) return only
    const found = config.clientSystems.find((candidate) => candidate.id === id)
    if (found) return found
    const hint = `Known are: ${ids.join(', ')}`
    if (id === null) throw new AgentError('bad_request', 'Name the Client System: clientSystemId', { hint })
    throw new AgentError('not_found', `There is no Client System ${id}`, { hint })
  }

  async function run(id: string): Promise<Run> {
    const found = await findRun(db, id)
    if (found && ids.includes(found.clientSystemId)) return found
    throw new NotFoundError('run', id)
  }

  async function meter(id: number): Promise<Meter> {
    const found = await findMeter(lists, ids, id)
    if (found) return found
    throw new NotFoundError('meter', id)
  }

  return {
    status: async () => (await status()).status,
    run,
    meter,

    /** Checks the tokens and sessions of those who ask. */
    access,

    /** Asks for a run at once. `created` is false when one was active: it is returned instead (R2.3). */
    trigger: async (request: Omit<TriggerRequest, 'clientSystemId'> & { clientSystemId: string | null }) =>
      await jobs.trigger({ ...request, clientSystemId: clientSystem(request.clientSystemId).id }),

    /**
     * What a run would do now; nothing is written. While a run is active there is no preview: `active` is that run.
     * Callers at the same time share one answer; `signal` ends the waiting of this one.
     */
    preview: async (id: string | null, signal?: AbortSignal): Promise<{ preview: Preview } | { active: Run }> => {
      const asked = clientSystem(id)
      const active = await findActiveRun(db, asked.id)
      return active ? { active } : { preview: await previews.preview(asked, signal) }
    },

    /** The run that a Client System has queued or running, if any. */
    activeRun: async (clientSystemId: string | null): Promise<Run | null> =>
      await findActiveRun(db, clientSystem(clientSystemId).id),

    /** Ends an active run: the work stops, and nothing was changed. `cancelled` is false when it had finished. */
    cancel: async (id: string): Promise<{ run: Run; cancelled: boolean }> => {
      const cancelled = await jobs.cancel(await run(id))
      return { run: await run(id), cancelled }
    },

    runs: async (filter: {
      clientSystemId: string | null
      status: RunStatus | null
      before: { queuedAt: string; id: string } | null
      limit: number
    }): Promise<Page<Run, { queuedAt: string; id: string }>> => {
      const clientSystemIds = [clientSystem(filter.clientSystemId).id]
      const found = await listRuns(drizzle(lists), { ...filter, clientSystemIds }, filter.limit)
      return toPage(found, ({ queuedAt, id }) => ({ queuedAt, id }))
    },

    changes: async (
      runId: string,
      filter: { operation: ChangeOperation | null; after: string | null; limit: number },
    ): Promise<Page<Change, string>> => {
      const { clientSystemId, counts } = await run(runId)
      const inserted = (counts?.inserted ?? 0) > 0
      const found = await listChanges(lists, { runId, clientSystemId, inserted, ...filter }, filter.limit)
      return toPage(found, ({ externalId }) => externalId)
    },

    rejected: async (
      runId: string,
      { after, limit }: { after: number; limit: number },
    ): Promise<Page<Rejected, number>> => {
      await run(runId)
      const found = toPage(await listRejected(lists, runId, after, limit), ({ id }) => id)
      return { items: found.items.map(({ rejected }) => rejected), next: found.next }
    },

    meters: async (
      filter: Omit<MeterFilter, 'clientSystemId'> & { clientSystemId: string | null; limit: number },
    ): Promise<Page<Meter, string> & { total: number | null }> => {
      const { id } = clientSystem(filter.clientSystemId)
      const { items, more, total, after } = await listMeters(lists, { ...filter, clientSystemId: id }, filter.limit)
      return { items, next: more ? after : null, total }
    },

    /** The meter with this key in the Client System. Throws `not_found`. */
    meterByExternalId: async (clientSystemId: string | null, externalId: string): Promise<Meter> => {
      const { id } = clientSystem(clientSystemId)
      const found = await findMeterByExternalId(lists, id, externalId)
      if (found) return found
      throw new NotFoundError('meter', `with external id ${externalId}`)
    },

    history: async (
      meterId: number,
      { before, limit }: { before: { at: string; runId: string } | null; limit: number },
    ): Promise<Page<Change, { at: string; runId: string }>> => {
      await meter(meterId)
      const found = toPage(await listHistory(lists, meterId, before, limit), ({ cursor }) => cursor)
      return { items: found.items.map(({ change }) => change), next: found.next }
    },

    /** How many meters report, are late, are silent, and never reported. */
    collection: async (clientSystemId: string | null): Promise<Collection> =>
      await summarizeCollection(lists, clientSystem(clientSystemId)),

    /** A page of a meter's readings, newest first; `from` inclusive, `to` exclusive. */
    readings: async (
      meterId: number,
      { limit, ...filter }: { from: string | null; to: string | null; before: ReadingCursor | null; limit: number },
    ): Promise<Page<Reading, ReadingCursor>> => {
      await meter(meterId)
      const found = toPage(await listReadings(lists, { meterId, ...filter }, limit), ({ cursor }) => cursor)
      return { items: found.items.map(({ reading }) => reading), next: found.next }
    },

    /** A page of readings of many meters, by meter, then from old to new; `from` inclusive, `to` exclusive. */
    allReadings: async ({
      limit,
      after,
      ...filter
    }: WithClientSystem<ReadingsFilter> & { after: AllReadingsCursor | null; limit: number }): Promise<
      Page<MeterReading, AllReadingsCursor>
    > => {
      const asked = { ...filter, clientSystemId: clientSystem(filter.clientSystemId).id }
      const found = toPage(await listAllReadings(lists, asked, after, limit), ({ cursor }) => cursor)
      return { items: found.items.map(toMeterReading), next: found.next }
    },

    /** All of those readings, a page at a time. */
    exportReadings: async (
      filter: WithClientSystem<ReadingsFilter>,
    ): Promise<{ clientSystemId: string; pages: AsyncGenerator<ReadingRow[]> }> => {
      const clientSystemId =
        filter.meterId === null ? clientSystem(filter.clientSystemId).id : (await meter(filter.meterId)).clientSystemId
      return { clientSystemId, pages: exportReadings(lists, { ...filter, clientSystemId }) }
    },

    /** What collectors should read: the active meters, a page at a time, and the ETag of all of them. */
    targets: async (
      filter: WithClientSystem<TargetsFilter>,
    ): Promise<{ tag: string; pages: AsyncGenerator<TargetRow[]> }> => {
      const asked = { ...filter, clientSystemId: clientSystem(filter.clientSystemId).id }
      return { tag: await tagTargets(lists, asked), pages: listTargets(lists, asked) }
    },

    /** Stores readings by the external ids of their meters; those that name no meter or Client System are rejected. */
    storeReadings: async (
      sent: readonly (Omit<IncomingReading, 'clientSystemId' | 'unit'> & {
        clientSystemId?: string | undefined
        unit?: string | null | undefined
      })[],
    ): Promise<StoredReadings> => {
      if (sent.length === 0) return { stored: 0, duplicates: 0, conflicts: 0, rejected: [] }
      const rejected: StoredReadings['rejected'] = []
      function* incoming(): Generator<IncomingReading> {
        for (const reading of sent) {
          const clientSystemId = reading.clientSystemId ?? (ids.length === 1 ? ids[0] : undefined)
          if (clientSystemId !== undefined && ids.includes(clientSystemId)) {
            yield { ...reading, clientSystemId, unit: reading.unit ?? null }
          } else {
            rejected.push({ line: reading.line, reason: `clientSystemId must be one of: ${ids.join(', ')}` })
          }
        }
      }
      const { unknown, ...counts } = await storeReadings(readings, incoming())
      for (const line of unknown) rejected.push({ line, reason: 'no meter has this externalId' })
      return { ...counts, rejected }
    },

    /** Tells `watcher` everything from now on, in the order of revisions, until the returned function is called. */
    watch: (watcher: (sighting: LiveEvent) => void): (() => void) => watch.add(watcher),

    /**
     * How things stand, for a watcher that has just registered: so nothing falls between. For one that comes back, also
     * the runs that changed since its revision, each in its latest state, 200 at most. What it hears afterwards with a
     * revision up to this one's is old news. `unavailable`: the Sync database was lost, so that news may not come.
     */
    catchUp: async (
      since: number | null,
    ): Promise<{ status: Status; revision: number; runs: Run[]; unavailable: Unavailable | null }> => {
      const latest = await status()
      const runs = since === null ? [] : await listRunsSince(db, ids, since, 200)
      // What changed after the status comes to the watcher by itself.
      return { ...latest, runs: runs.filter(({ revision }) => revision <= latest.revision), unavailable: watch.lost() }
    },

    /** True while this process hears what others tell. */
    listening: feed.connected,

    /** What is not ready, by name; nothing when the agent can serve. A Client System that is down does not count. */
    unready: async (): Promise<string[]> => {
      const checks: [string, () => Promise<boolean>][] = [
        ['Sync database', async () => (await pool.query('select 1')).rowCount === 1],
        ['migrations', () => isMigrated(pool)],
        ['jobs', jobs.ready],
        ['listener', async () => feed.connected()],
      ]
      const answers = await Promise.all(
        checks.map(async ([name, check]) => {
          // A connection that is half-open answers nothing for long.
          const late = setTimeout(readyPatience, false, { ref: false })
          return (await Promise.race([check().catch(() => false), late])) ? null : name
        }),
      )
      return answers.filter((name) => name !== null)
    },

    stop: async () => {
      previews.stop()
      await Promise.all([feed.stop(), watch.stop(), access.stop()])
    },
  }
}

function toPage<Item, Cursor>({ items, more }: ResultPage<Item>, cursor: (item: Item) => Cursor): Page<Item, Cursor> {
  const last = items.at(-1)
  return { items, next: more && last !== undefined ? cursor(last) : null }
}
