import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type pg from 'pg'
import { type Job, PgBoss } from 'pg-boss'
import type { ClientSystem, Config } from './config.ts'
import { connectionOptions, type Queryable, sqlBeside, transaction } from './db/connect.ts'
import { drizzle } from './db/drizzle.ts'
import { queueSchema } from './db/queue.ts'
import { findActiveRun, findRun } from './db/runs.ts'
import { AgentError } from './errors.ts'
import type { Run, Trigger } from './events.ts'
import type { Log } from './log.ts'
import { startReaper } from './reaper.ts'
import { nextRevision, notify, recordFailure } from './sync/record.ts'
import { startWebhooks, type Webhooks } from './webhooks.ts'
import { cancelled, createWorker } from './worker.ts'

/** Jobs of this process: it can trigger runs and, where its role says so, works on them and keeps the schedule. */
export type Jobs = {
  /**
   * Asks for a run. One function for every trigger: run row and job appear in one transaction, or, when a run of that
   * Client System is active, neither does and that run is returned.
   */
  trigger: (request: TriggerRequest) => Promise<{ run: Run; created: boolean }>
  /** Ends an active run as cancelled, wherever it is worked on. False when it had ended before. */
  cancel: (run: Run) => Promise<boolean>
  /** To be told of every run that ended: the worker that still works on it stops, and who wants alerts gets them. */
  ended: (runId: string) => void
  /** The next scheduled time, or null when there is none. */
  nextRunAt: (clientSystem: ClientSystem) => Date | null
  /** pg-boss is connected and its schema is there. */
  ready: () => Promise<boolean>
  /** Ends the runs of this process as interrupted and stops within 9 s. Can be called twice. */
  stop: () => Promise<void>
}

export type TriggerRequest = {
  clientSystemId: string
  trigger: Trigger
  full: boolean
  /** Lets all deletions of this run through when there are at most so many, otherwise none (Fault 8). */
  approveDeletes: number | null
  requestedBy: string | null
}

export type JobsOptions = {
  config: Config
  pool: pg.Pool
  log: Log
  /** What pg-boss takes for time: its own TestClock in tests. */
  clock?: NonNullable<ConstructorParameters<typeof PgBoss>[0]> extends infer Options
    ? Options extends { clock?: infer Clock }
      ? Clock
      : never
    : never
}

const heartbeatSeconds = 10
const runQueue = (clientSystemId: string) => `meter-sync.${clientSystemId}`
const scheduleQueue = (clientSystemId: string) => `meter-sync-schedule.${clientSystemId}`
const pruneQueue = 'meter-sync-prune'
const pruneHistory = sqlBeside(import.meta.url, 'db/prune.sql').split(/;\s*\n/)

export async function startJobs({ config, pool, log, clock }: JobsOptions): Promise<Jobs> {
  const works = config.role !== 'api'
  const db = drizzle(pool)
  const connection = {
    ...connectionOptions(config.syncDatabase, { application: 'meter-sync-agent jobs', connectMilliseconds: 5_000 }),
    // A connection that is half-open would otherwise keep the queue waiting until TCP gives up.
    query_timeout: 15_000,
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
  await boss.start()

  for (const clientSystem of config.clientSystems) await createQueues(boss, clientSystem)
  for (const { id, name } of config.clientSystems) {
    await pool.query(
      `insert into sync.client_system (id, name) values ($1, $2)
       on conflict (id) do update set name = excluded.name where client_system.name <> excluded.name`,
      [id, name],
    )
  }

  const completeJob = (clientSystemId: string) => async (client: Queryable, runId: string) => {
    await boss.complete(runQueue(clientSystemId), runId, null, { db: through(client), includeQueued: true })
  }

  async function trigger(request: TriggerRequest): Promise<{ run: Run; created: boolean }> {
    const { clientSystemId } = request
    for (let attempt = 1; ; attempt++) {
      const active = await findActiveRun(db, clientSystemId)
      if (active) return { run: active, created: false }
      const id = randomUUID()
      if (await enqueue(id, request)) {
        const run = await findRun(db, id)
        if (run) return { run, created: true }
      }
      if (attempt === 3) {
        throw new AgentError('internal', `No run of ${clientSystemId} could be queued, and none is active`, {
          hint: 'Try again; if it stays so, look at the jobs of the schema pgboss',
        })
      }
      if (attempt === 2) await dropStaleJobs(clientSystemId)
    }
  }

  /** False when the slot is taken: by a run, or by a job whose run has just ended. Then nothing was written. */
  async function enqueue(id: string, request: TriggerRequest): Promise<boolean> {
    const { clientSystemId, trigger, full, approveDeletes, requestedBy } = request
    try {
      await transaction(pool, async (client) => {
        const revision = await nextRevision(client)
        const { rowCount } = await client.query(
          `insert into sync.run (id, client_system_id, trigger, requested_by, "full", approve_deletes, status, revision)
           values ($1, $2, $3, $4, $5, $6, 'queued', $7)
           on conflict (client_system_id) where status in ('queued', 'running') do nothing`,
          [id, clientSystemId, trigger, requestedBy, full, approveDeletes, revision],
        )
        const options = { id, singletonKey: clientSystemId, db: through(client) }
        if (rowCount !== 1 || !(await boss.send(runQueue(clientSystemId), {}, options))) throw new SlotTaken()
        await notify(client, { type: 'run', runId: id, clientSystemId, revision, ended: false })
      })
      return true
    } catch (error) {
      if (error instanceof SlotTaken) return false
      throw error
    }
  }

  async function dropStaleJobs(clientSystemId: string): Promise<void> {
    const jobs = await boss.findJobs(runQueue(clientSystemId), { key: clientSystemId })
    const stale = jobs.filter((job) => ['created', 'retry', 'active'].includes(job.state)).map((job) => job.id)
    if (stale.length === 0 || (await findActiveRun(db, clientSystemId))) return
    log.warn({ clientSystem: clientSystemId, jobs: stale }, 'jobs without a run were dropped')
    await boss.deleteJob(runQueue(clientSystemId), stale)
  }

  /** The row decides; the worker hears of it and rolls back, which leaves the meters as they were. */
  async function cancel(run: Run): Promise<boolean> {
    const { code, message, hint } = cancelled()
    const failure = { status: 'cancelled' as const, error: { code, message, hint } }
    const done = await transaction(pool, (client) =>
      recordFailure(client, run, failure, completeJob(run.clientSystemId)),
    )
    if (done)
      log.info({ runId: run.id, clientSystem: run.clientSystemId, trigger: run.trigger }, 'meter sync cancelled')
    return done
  }

  async function prune(): Promise<void> {
    const [oldRuns = '', oldRejected = ''] = pruneHistory
    while (((await pool.query(oldRuns, [config.historyDays])).rowCount ?? 0) > 0);
    await pool.query(oldRejected)
  }

  async function scheduled(clientSystem: ClientSystem): Promise<void> {
    const { run, created } = await trigger({
      clientSystemId: clientSystem.id,
      trigger: 'schedule',
      full: false,
      approveDeletes: null,
      requestedBy: null,
    })
    if (!created) log.info({ clientSystem: clientSystem.id, activeRunId: run.id }, 'meter sync skipped')
  }

  const worker = createWorker({ config, pool, completeJob, log })
  const reaper = works
    ? startReaper({ pool, boss, clientSystems: config.clientSystems, runQueue, completeJob, log })
    : null
  let webhooks: Webhooks | null = null
  if (works) {
    await boss.createQueue(pruneQueue, { retryLimit: 0 })
    await boss.schedule(pruneQueue, '17 3 * * *')
    await boss.work(pruneQueue, prune)
    const waiting = { pollingIntervalSeconds: 2, notifyPollingIntervalSeconds: 2, heartbeatRefreshSeconds: 3 }
    for (const clientSystem of config.clientSystems) {
      const { id, schedule } = clientSystem
      await boss.work(runQueue(id), waiting, async (jobs: Job[]) => {
        for (const job of jobs) await worker.work(clientSystem, job)
      })
      await boss.work(scheduleQueue(id), { pollingIntervalSeconds: 1 }, () => scheduled(clientSystem))
      await boss.schedule(scheduleQueue(id), schedule.cron, {}, { tz: schedule.timeZone })
      await trigger({ clientSystemId: id, trigger: 'startup', full: true, approveDeletes: null, requestedBy: null })
    }
    const { clientSystems, webhook } = config
    if (webhook) webhooks = await startWebhooks({ webhook, pool, boss, clientSystems, through, log })
  }

  let stopped: Promise<void> | undefined
  return {
    trigger,
    cancel,
    ended: (runId) => {
      worker.ended(runId)
      webhooks?.look()
    },
    nextRunAt: ({ schedule }) => boss.previewSchedule(schedule.cron, { tz: schedule.timeZone, count: 1 })[0] ?? null,
    ready: async () => (await boss.schemaVersion()) !== null,
    stop: () => {
      stopped ??= (async () => {
        worker.stop()
        await Promise.race([
          Promise.all([reaper?.stop(), webhooks?.stop()]),
          setTimeout(1_000, undefined, { ref: false }),
        ])
        await Promise.race([
          boss.stop({ graceful: true, timeout: 7_000 }),
          setTimeout(8_000, undefined, { ref: false }),
        ])
      })()
      return stopped
    },
  }
}

class SlotTaken extends Error {}

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

/** A connection of ours as pg-boss wants it: its statement joins our transaction. */
function through(client: Queryable) {
  return { executeSql: (text: string, values: unknown[] = []) => client.query(text, values) }
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
