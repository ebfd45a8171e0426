import { setTimeout } from 'node:timers/promises'
import type pg from 'pg'
import type { Job, PgBoss } from 'pg-boss'
import type { ClientSystem, Config } from '../config/environment.ts'
import { drizzle } from '../db/drizzle.ts'
import { isMigrated } from '../db/migrate.ts'
import { transaction } from '../db/pool.ts'
import { runQueue } from '../db/queue.ts'
import { createStack, type Lifetime, startLoop, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { registerClientSystem } from '../runs/client-system.ts'
import { findRun } from '../runs/list.ts'
import { type CompleteJob, recordFailure } from '../runs/store.ts'
import type { TriggerRun } from '../runs/trigger.ts'
import { startPartitioning } from './partitions.ts'
import { pruneHistory } from './prune.ts'
import { createRunQueue, type QueueClock, runQueueSettings } from './queue.ts'
import { startReaper } from './reaper.ts'
import { createSchedule, scheduleQueue, skippedTimesIntervalMs } from './schedule.ts'
import { createStartupRuns } from './startup.ts'
import { createWorker } from './worker.ts'

export type WorkOptions = {
  config: Pick<Config, 'clientSystems' | 'historyDays' | 'readingsDays' | 'syncDatabase' | 'secrets'>
  pool: pg.Pool
  /** For statements that may take long. */
  lists: pg.Pool
  boss: PgBoss
  trigger: TriggerRun
  completeJob: (clientSystemId: string) => CompleteJob
  clock: QueueClock | undefined
  log: Log
}

/** The work of a process whose role is to work: runs, the schedule, the reaper and pruning. */
export type Work = Lifetime & {
  /** The Client Systems whose runs this process takes: none once it is stopped, or a newer program migrated the schema. */
  clientSystemIds: () => string[]
  /** Stops the work on a run that another process ended. A notification is only a hint; the run's row decides. */
  ended: (runId: string) => void
}

const pruneQueue = (clientSystemId: string) => `meter-sync-prune.${clientSystemId}`

/** The queue of earlier versions, whose agents pruned the runs of every Client System. */
const formerPruneQueue = 'meter-sync-prune'

/** How often a worker checks that the schema is still that of its program. */
const schemaIntervalMs = 5_000

/** Starts to take runs. A stop ends those of this process as interrupted; the queue waits for them. */
export async function startWork(options: WorkOptions): Promise<Work> {
  const { config, pool, lists, boss, trigger, completeJob, clock, log } = options
  const { clientSystems } = config
  const worker = createWorker({ config, pool, lists, completeJob, log })
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
  const schedule = createSchedule({ clientSystems, pool, boss, trigger, clock, log })
  const loops = createStack()
  let stopped = false
  let outdated = false

  const work = withLifetime(
    {
      clientSystemIds: () => (outdated || stopped ? [] : clientSystems.map(({ id }) => id)),
      ended: (runId: string) => void worker.ended(runId),
    },
    async () => {
      stopped = true
      await worker.stop()
      await Promise.race([loops.stop(), setTimeout(1_000, undefined, { ref: false })])
    },
  )
  const reaper = loops.add(
    startReaper({
      pool,
      boss,
      clientSystems,
      completeJob,
      onIdle: async (clientSystem) => {
        if (!stopped) await startup.check(clientSystem)
      },
      log,
    }),
  )

  /**
   * Returns false when a newer program has migrated the Sync database. This process then takes no more runs, because its
   * statements may not fit the tables any longer.
   */
  async function requireOwnSchema(): Promise<boolean> {
    if (outdated) return false
    if (await isMigrated(pool)) return true
    outdated = true
    const hint = 'Restart this process with the program that migrated the database'
    log.error({ hint }, 'the schema of the Sync database is not that of this program; it takes no more runs')
    await reaper.stop()
    for (const { id } of clientSystems) {
      for (const queue of [runQueue(id), scheduleQueue(id), pruneQueue(id)]) await boss.offWork(queue, { wait: false })
    }
    return false
  }

  /** Ends a run that was fetched just when the schema changed. A newer worker takes the next one. */
  async function giveUp(runId: string): Promise<void> {
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

  async function takeRuns(clientSystem: ClientSystem): Promise<void> {
    const waiting = { pollingIntervalSeconds: 2, notifyPollingIntervalSeconds: 2, heartbeatRefreshSeconds: 3 }
    await boss.work(runQueue(clientSystem.id), waiting, async (jobs: Job[]) => {
      for (const job of jobs) {
        if (await requireOwnSchema()) await worker.work(clientSystem, job)
        else await giveUp(job.id)
      }
    })
  }

  async function pruneDaily({ id }: ClientSystem): Promise<void> {
    await boss.schedule(pruneQueue(id), '17 3 * * *')
    await boss.work(pruneQueue(id), async () => {
      try {
        await pruneHistory(lists, id, config.historyDays)
      } catch (err) {
        log.error({ err }, 'old history could not be removed; retrying tomorrow')
        throw err
      }
    })
  }

  try {
    for (const { id } of clientSystems) {
      await createRunQueue(boss, id)
      await boss.updateQueue(runQueue(id), runQueueSettings)
      await boss.createQueue(pruneQueue(id), { retryLimit: 0 })
    }
    for (const clientSystem of clientSystems) await registerClientSystem(pool, clientSystem)
    await boss.unschedule(formerPruneQueue)
    for (const clientSystem of clientSystems) {
      await takeRuns(clientSystem)
      await schedule.start(clientSystem)
      await pruneDaily(clientSystem)
      await startup.queue(clientSystem)
    }
  } catch (error) {
    await work.stop()
    throw error
  }
  loops.add(startPartitioning({ pool: lists, readingsDays: config.readingsDays, log, clock }))
  loops.add(
    startLoop({
      pass: schedule.sendSkippedTimes,
      everyMs: skippedTimesIntervalMs,
      onError: (err) => log.debug({ err }, 'the schedule could not be looked through'),
      ...(clock && { timers: clock }),
    }),
  )
  loops.add(
    startLoop({
      pass: async () => void (outdated || (await requireOwnSchema())),
      everyMs: schemaIntervalMs,
      onError: (err) => log.debug({ err }, 'the version of the schema could not be read'),
    }),
  )
  return work
}
