import { setTimeout } from 'node:timers/promises'
import type pg from 'pg'
import { type ConstructorOptions, type Job, type JobWithMetadata, PgBoss } from 'pg-boss'
import { startWebhooks, type Webhooks } from '../alerts/deliver.ts'
import type { ClientSystem, Config } from '../config/environment.ts'
import { findLastTime, queueFiredInRepeatedHour, queueFiresAt } from '../config/times.ts'
import { configureQueueConnection, connectionOptions, type Queryable, sqlBeside } from '../db/connect.ts'
import { drizzle } from '../db/drizzle.ts'
import { isMigrated } from '../db/migrate.ts'
import { transaction } from '../db/pool.ts'
import { queueDbFor, queueSchema, runQueue } from '../db/queue.ts'
import type { Log } from '../lib/log.ts'
import { findRun } from '../runs/list.ts'
import { recordFailure } from '../runs/store.ts'
import { createTrigger, type TriggerRun } from '../runs/trigger.ts'
import type { Run } from '../wire/types.ts'
import { type Reaper, startReaper } from './reaper.ts'
import { createStartupRuns } from './startup.ts'
import { cancelled, createWorker } from './worker.ts'

/** Jobs of this process: it can trigger runs and, where its role says so, works on them and keeps the schedule. */
export type Jobs = {
  trigger: TriggerRun
  /** Ends an active run as cancelled, wherever it is worked on. False when it had ended before. */
  cancel: (run: Run) => Promise<boolean>
  /** To be told of every run that ended: the worker that still works on it stops, and who wants alerts gets them. */
  ended: (runId: string) => void
  /** To be told whenever the listener is (re)connected: ends that nobody was notified of are looked for. */
  connected: () => void
  /** The Client Systems whose runs this process takes: none where it only triggers, stops, or met a newer schema. */
  working: () => string[]
  /** pg-boss is connected and its schema is there. */
  ready: () => Promise<boolean>
  /** Ends the runs of this process as interrupted and stops within 7.5 s. Can be called twice. */
  stop: () => Promise<void>
}

export type JobsOptions = {
  config: Config
  pool: pg.Pool
  /** For statements that may take long. */
  lists: pg.Pool
  log: Log
  /** What pg-boss takes for time: its own TestClock in tests. */
  clock?: NonNullable<ConstructorOptions['clock']>
}

const heartbeatSeconds = 10
const scheduleQueue = (clientSystemId: string) => `meter-sync-schedule.${clientSystemId}`
const pruneQueue = (clientSystemId: string) => `meter-sync-prune.${clientSystemId}`

/** Of versions before, whose agents pruned the runs of every Client System. */
const formerPruneQueue = 'meter-sync-prune'

/** How often a worker looks whether the schema is still that of its program. */
const schemaIntervalMs = 5_000

/** How often a worker looks for times of the schedule that the queue's own cron does not fire at. */
const skippedTimesIntervalMs = 20_000

/**
 * A run ends by its own time limit, and a dead worker by its heartbeat. The queue's expiry would end runs by whatever a
 * process wrote there last: it is the longest that there is.
 */
const expireInSeconds = 24 * 3_600
const pruning = sqlBeside(import.meta.url, 'prune.sql').split(/;\s*\n/)

export async function startJobs({ config, pool, lists, log, clock }: JobsOptions): Promise<Jobs> {
  const works = config.role !== 'api'
  const connection = {
    ...connectionOptions(config.syncDatabase, { application: 'meter-sync-agent jobs', connectTimeoutMs: 5_000 }),
    // A connection that is half-open would otherwise keep the queue waiting, and a run's heartbeat too.
    query_timeout: 5_000,
    idleTimeoutMillis: 4_000,
    onConnect: configureQueueConnection,
  }
  const boss = new PgBoss({
    ...connection,
    schema: queueSchema,
    // db/migrate.ts does: the role of a running agent need not own anything.
    migrate: false,
    max: 4,
    supervise: works,
    schedule: works,
    useListenNotify: works,
    cronMonitorIntervalSeconds: 5,
    cronWorkerIntervalSeconds: 1,
    // Below a minute, for which a time of the schedule stays due: a clock that steps then loses none.
    clockMonitorIntervalSeconds: 20,
    ...(clock && { clock }),
  })
  boss.on(
    'error',
    quietly((err) => log.warn({ err }, 'the job queue met an error; it goes on by itself')),
  )
  boss.on(
    'warning',
    quietly((warning) => log.warn({ warning }, 'the job queue gave a warning')),
  )
  const completeJob = (clientSystemId: string) => async (client: Queryable, runId: string) => {
    await boss.complete(runQueue(clientSystemId), runId, null, { db: queueDbFor(client), includeQueued: true })
  }
  const trigger = createTrigger({ pool, boss, createQueue: (id) => createRunQueue(boss, id), log })
  const startup = createStartupRuns({
    pool,
    trigger: (clientSystemId) =>
      trigger({
        clientSystemId,
        trigger: 'startup',
        full: true,
        approveDeletes: null,
        approveDigest: null,
        requestedBy: null,
      }),
  })
  const worker = createWorker({ config, pool, lists, completeJob, log })
  let reaper: Reaper | null = null
  let webhooks: Webhooks | null = null
  let stopLooking = () => {}
  let schemaTimer: NodeJS.Timeout | undefined
  let retired = false

  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= (async () => {
      worker.stop()
      stopLooking()
      clearInterval(schemaTimer)
      await Promise.race([
        Promise.all([reaper?.stop(), webhooks?.stop()]),
        setTimeout(1_000, undefined, { ref: false }),
      ])
      await Promise.race([boss.stop({ graceful: true, timeout: 6_000 }), setTimeout(6_500, undefined, { ref: false })])
    })()
    return stopped
  }

  /** The row decides; the worker hears of it and rolls back, which leaves the meters as they were. */
  async function cancel(run: Run): Promise<boolean> {
    const { code, message, hint } = cancelled()
    const failure = { status: 'cancelled' as const, error: { code, message, hint }, timings: null, readMode: null }
    const done = await transaction(pool, (client) =>
      recordFailure(client, run, failure, completeJob(run.clientSystemId)),
    )
    if (done)
      log.info({ runId: run.id, clientSystem: run.clientSystemId, trigger: run.trigger }, 'meter sync cancelled')
    return done
  }

  async function prune(clientSystemId: string): Promise<void> {
    try {
      await pruneHistory(lists, clientSystemId, config.historyDays)
    } catch (err) {
      log.error({ err }, 'old history could not be removed; it is tried again tomorrow')
      throw err
    }
  }

  async function scheduled({ id: clientSystemId, schedule }: ClientSystem, job: JobWithMetadata): Promise<void> {
    try {
      if (queueFiredInRepeatedHour(schedule, clock ? new Date(clock.now()) : job.createdOn)) {
        log.info({ clientSystem: clientSystemId }, 'meter sync skipped: the clocks repeat this hour')
        return
      }
      const request = { clientSystemId, full: false, approveDeletes: null, approveDigest: null, requestedBy: null }
      const { run, created } = await trigger({ ...request, trigger: 'schedule' })
      if (!created) log.info({ clientSystem: clientSystemId, activeRunId: run.id }, 'meter sync skipped')
    } catch (err) {
      const hint = 'The next scheduled time tries again; Sync now does at once'
      log.error({ err, clientSystem: clientSystemId, hint }, 'the scheduled sync could not be queued')
      throw err
    }
  }

  /** The queue's own cron misses a time that the clocks skip; every worker sends it, and the queue keeps one. */
  async function sendSkippedTimes(): Promise<void> {
    const now = clock ? new Date(clock.now()) : await databaseTime(pool)
    for (const { id, schedule } of config.clientSystems) {
      const time = findLastTime(schedule, new Date(now.getTime() - 3 * skippedTimesIntervalMs), now)
      if (!time || queueFiresAt(schedule, time)) continue
      const once = { singletonKey: time.toISOString(), singletonSeconds: 6 * 3_600 }
      await boss.send(scheduleQueue(id), {}, once)
    }
  }

  async function startWork(): Promise<void> {
    const { clientSystems, webhook } = config
    for (const clientSystem of clientSystems) await createQueues(boss, clientSystem)
    for (const clientSystem of clientSystems) await nameClientSystem(pool, clientSystem)
    reaper = startReaper({
      pool,
      boss,
      clientSystems,
      completeJob,
      onIdle: async (clientSystem) => {
        if (!stopped) await startup.check(clientSystem)
      },
      log,
    })
    await boss.unschedule(formerPruneQueue)
    const waiting = { pollingIntervalSeconds: 2, notifyPollingIntervalSeconds: 2, heartbeatRefreshSeconds: 3 }
    for (const clientSystem of clientSystems) {
      const { id, schedule } = clientSystem
      await boss.work(runQueue(id), waiting, async (jobs: Job[]) => {
        for (const job of jobs) {
          if (await requireOwnSchema()) await worker.work(clientSystem, job)
          else await leave(job.id)
        }
      })
      await boss.work(
        scheduleQueue(id),
        { pollingIntervalSeconds: 1, includeMetadata: true },
        async (jobs: JobWithMetadata[]) => {
          for (const job of jobs) await scheduled(clientSystem, job)
        },
      )
      await boss.schedule(pruneQueue(id), '17 3 * * *')
      await boss.work(pruneQueue(id), () => prune(id))
      await boss.schedule(scheduleQueue(id), schedule.cron, {}, { tz: schedule.timeZone })
      await startup.queue(clientSystem)
    }
    if (webhook) webhooks = await startWebhooks({ webhook, pool, boss, clientSystems, log })
    const look = () =>
      void sendSkippedTimes().catch((err) => log.debug({ err }, 'the schedule could not be looked through'))
    if (clock) {
      const timer = clock.setInterval(look, skippedTimesIntervalMs)
      stopLooking = () => clock.clearInterval(timer)
    } else {
      const timer = setInterval(look, skippedTimesIntervalMs)
      stopLooking = () => clearInterval(timer)
    }
    schemaTimer = setInterval(() => void requireOwnSchema().catch(() => undefined), schemaIntervalMs)
  }

  /**
   * False where a newer program has migrated the Sync database under this one: then it takes no more runs, for its
   * statements may not fit the tables any longer.
   */
  async function requireOwnSchema(): Promise<boolean> {
    if (retired) return false
    if (await isMigrated(pool)) return true
    retired = true
    const hint = 'Restart this process with the program that migrated the database'
    log.error({ hint }, 'the schema of the Sync database is not that of this program; it takes no more runs')
    clearInterval(schemaTimer)
    await reaper?.stop()
    for (const { id } of config.clientSystems) {
      for (const queue of [runQueue(id), scheduleQueue(id), pruneQueue(id)]) await boss.offWork(queue, { wait: false })
    }
    return false
  }

  /** A run that was fetched just as the schema changed: a newer worker does the next one. */
  async function leave(runId: string): Promise<void> {
    const run = await findRun(drizzle(pool), runId)
    if (!run) return
    const error = {
      code: 'shutting_down',
      message: 'The schema of the Sync database was changed by a newer program',
      hint: 'Nothing was changed; the run at the start of the newer program covers it',
    }
    const failure = { status: 'interrupted' as const, error, timings: null, readMode: null }
    await transaction(pool, (client) => recordFailure(client, run, failure, completeJob(run.clientSystemId)))
  }

  try {
    await boss.start()
    if (works) await startWork()
  } catch (error) {
    // Else it would go on to take runs, with pools that have ended.
    await stop()
    throw error
  }
  return {
    trigger,
    cancel,
    ended: (runId) => {
      void worker.ended(runId)
      webhooks?.check()
    },
    connected: () => webhooks?.check(),
    working: () => (works && !retired && !stopped ? config.clientSystems.map(({ id }) => id) : []),
    ready: async () => (await boss.schemaVersion()) !== null,
    stop,
  }
}

async function nameClientSystem(pool: pg.Pool, { id, name, readingIntervalMs }: ClientSystem): Promise<void> {
  await pool.query(
    `insert into sync.client_system as c (id, name, reading_interval_seconds) values ($1, $2, $3)
     on conflict (id) do update set name = excluded.name, reading_interval_seconds = excluded.reading_interval_seconds
     where (c.name, c.reading_interval_seconds) <> (excluded.name, excluded.reading_interval_seconds)`,
    [id, name, readingIntervalMs / 1_000],
  )
}

async function databaseTime(pool: pg.Pool): Promise<Date> {
  const { rows } = await pool.query<{ now: Date }>('select clock_timestamp() as now')
  if (!rows[0]) throw new Error('the Sync database did not tell its time')
  return rows[0].now
}

/** Removes what is older than `days` of one Client System: another agent may keep that of others for longer. */
async function pruneHistory(pool: pg.Pool, clientSystemId: string, days: number): Promise<void> {
  const [kept = '', oldRuns = '', oldRejected = ''] = pruning
  const { rows } = await pool.query<{ id: string }>(kept, [clientSystemId])
  const ids = rows.map(({ id }) => id)
  while (((await pool.query(oldRuns, [clientSystemId, days, ids])).rowCount ?? 0) > 0);
  await pool.query(oldRejected, [clientSystemId])
}

const runQueueSettings = { retryLimit: 0, heartbeatSeconds, expireInSeconds, notify: true }

/** Leaves a queue that exists as it is: a process that only triggers runs must not change how workers run them. */
async function createRunQueue(boss: PgBoss, clientSystemId: string): Promise<void> {
  await boss.createQueue(runQueue(clientSystemId), { policy: 'exclusive', ...runQueueSettings })
}

/**
 * One active job a Client System (`exclusive`), never tried again by itself (R2.4), awake in milliseconds
 * (`notify`), and known to be dead after its heartbeat stops. `createQueue` leaves a queue that exists as it is.
 */
async function createQueues(boss: PgBoss, { id }: ClientSystem): Promise<void> {
  await createRunQueue(boss, id)
  await boss.updateQueue(runQueue(id), runQueueSettings)
  const ticks = { retryLimit: 0, retentionSeconds: 300, expireInSeconds: 60, notify: true }
  await boss.createQueue(scheduleQueue(id), { policy: 'short', ...ticks })
  await boss.updateQueue(scheduleQueue(id), ticks)
  await boss.createQueue(pruneQueue(id), { retryLimit: 0 })
}

/** Passes on what is new: a database that is away makes every queue say its own words every second. */
function quietly<T extends { message: string }>(tell: (event: T) => void): (event: T) => void {
  const told = new Map<string, number>()
  return (event) => {
    const now = Date.now()
    for (const [message, at] of told) if (now - at >= 30_000) told.delete(message)
    if (told.has(event.message)) return
    told.set(event.message, now)
    tell(event)
  }
}
