import { setTimeout } from 'node:timers/promises'
import type pg from 'pg'
import { type ConstructorOptions, type Job, PgBoss } from 'pg-boss'
import type { ClientSystem, Config } from './config.ts'
import { configureQueueConnection, connectionOptions, type Queryable, sqlBeside } from './db/connect.ts'
import { transaction } from './db/pool.ts'
import { queueSchema, runQueue, through } from './db/queue.ts'
import type { Run } from './events.ts'
import type { Log } from './log.ts'
import { type Reaper, startReaper } from './reaper.ts'
import { recordFailure } from './sync/record.ts'
import { createTrigger, type TriggerRun } from './trigger.ts'
import { startWebhooks, type Webhooks } from './webhooks.ts'
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
  /** The next scheduled time, or null when there is none. */
  nextRunAt: (clientSystem: ClientSystem) => Date | null
  /** pg-boss is connected and its schema is there. */
  ready: () => Promise<boolean>
  /** Ends the runs of this process as interrupted and stops within 9 s. Can be called twice. */
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
const pruneQueue = 'meter-sync-prune'
const pruning = sqlBeside(import.meta.url, 'db/prune.sql').split(/;\s*\n/)

export async function startJobs({ config, pool, lists, log, clock }: JobsOptions): Promise<Jobs> {
  const works = config.role !== 'api'
  const connection = {
    ...connectionOptions(config.syncDatabase, { application: 'meter-sync-agent jobs', connectMilliseconds: 5_000 }),
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
    await boss.complete(runQueue(clientSystemId), runId, null, { db: through(client), includeQueued: true })
  }
  const trigger = createTrigger({ pool, boss, log })
  const worker = createWorker({ config, pool, completeJob, log })
  let reaper: Reaper | null = null
  let webhooks: Webhooks | null = null

  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= (async () => {
      worker.stop()
      await Promise.race([
        Promise.all([reaper?.stop(), webhooks?.stop()]),
        setTimeout(1_000, undefined, { ref: false }),
      ])
      await Promise.race([boss.stop({ graceful: true, timeout: 7_000 }), setTimeout(8_000, undefined, { ref: false })])
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

  async function prune(): Promise<void> {
    try {
      await pruneHistory(lists, config.historyDays)
    } catch (err) {
      log.error({ err }, 'old history could not be removed; it is tried again tomorrow')
      throw err
    }
  }

  async function scheduled(clientSystemId: string): Promise<void> {
    try {
      const request = { clientSystemId, full: false, approveDeletes: null, requestedBy: null }
      const { run, created } = await trigger({ ...request, trigger: 'schedule' })
      if (!created) log.info({ clientSystem: clientSystemId, activeRunId: run.id }, 'meter sync skipped')
    } catch (err) {
      const hint = 'The next scheduled time tries again; Sync now does at once'
      log.error({ err, clientSystem: clientSystemId, hint }, 'the scheduled sync could not be queued')
      throw err
    }
  }

  async function startWork(): Promise<void> {
    const { clientSystems, webhook } = config
    reaper = startReaper({ pool, boss, clientSystems, completeJob, log })
    await boss.createQueue(pruneQueue, { retryLimit: 0 })
    await boss.schedule(pruneQueue, '17 3 * * *')
    await boss.work(pruneQueue, prune)
    const waiting = { pollingIntervalSeconds: 2, notifyPollingIntervalSeconds: 2, heartbeatRefreshSeconds: 3 }
    for (const clientSystem of clientSystems) {
      const { id, schedule } = clientSystem
      await boss.work(runQueue(id), waiting, async (jobs: Job[]) => {
        for (const job of jobs) await worker.work(clientSystem, job)
      })
      await boss.work(scheduleQueue(id), { pollingIntervalSeconds: 1 }, () => scheduled(id))
      await boss.schedule(scheduleQueue(id), schedule.cron, {}, { tz: schedule.timeZone })
      await trigger({ clientSystemId: id, trigger: 'startup', full: true, approveDeletes: null, requestedBy: null })
    }
    if (webhook) webhooks = await startWebhooks({ webhook, pool, boss, clientSystems, log })
  }

  try {
    await boss.start()
    for (const clientSystem of config.clientSystems) await createQueues(boss, clientSystem)
    for (const clientSystem of config.clientSystems) await nameClientSystem(pool, clientSystem)
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
      webhooks?.look()
    },
    connected: () => webhooks?.look(),
    nextRunAt: ({ schedule }) => boss.previewSchedule(schedule.cron, { tz: schedule.timeZone, count: 1 })[0] ?? null,
    ready: async () => (await boss.schemaVersion()) !== null,
    stop,
  }
}

async function nameClientSystem(pool: pg.Pool, { id, name }: ClientSystem): Promise<void> {
  await pool.query(
    `insert into sync.client_system (id, name) values ($1, $2)
     on conflict (id) do update set name = excluded.name where client_system.name <> excluded.name`,
    [id, name],
  )
}

async function pruneHistory(pool: pg.Pool, days: number): Promise<void> {
  const [kept = '', oldRuns = '', oldRejected = ''] = pruning
  const { rows } = await pool.query<{ id: string }>(kept)
  const ids = rows.map(({ id }) => id)
  while (((await pool.query(oldRuns, [days, ids])).rowCount ?? 0) > 0);
  await pool.query(oldRejected)
}

/**
 * One active job a Client System (`exclusive`), never tried again by itself (Requirement 2.4), awake in milliseconds
 * (`notify`), and known to be dead after its heartbeat stops. `createQueue` leaves a queue that exists as it is.
 */
async function createQueues(boss: PgBoss, { id, deadlines }: ClientSystem): Promise<void> {
  const runs = {
    retryLimit: 0,
    heartbeatSeconds,
    expireInSeconds: Math.ceil(deadlines.total / 1_000) + 60,
    notify: true,
  }
  await boss.createQueue(runQueue(id), { policy: 'exclusive', ...runs })
  await boss.updateQueue(runQueue(id), runs)
  const ticks = { retryLimit: 0, retentionSeconds: 300, expireInSeconds: 60, notify: true }
  await boss.createQueue(scheduleQueue(id), { policy: 'short', ...ticks })
  await boss.updateQueue(scheduleQueue(id), ticks)
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
