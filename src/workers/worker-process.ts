import type pg from 'pg'
import type { PgBoss } from 'pg-boss'
import type { ClientSystem } from '../config/environment.ts'
import { drizzle } from '../db/drizzle.ts'
import { runQueue } from '../db/queue.ts'
import { transaction } from '../db/transaction.ts'
import { AgentError } from '../lib/errors.ts'
import { createStack, type Lifetime, withLifetime } from '../lib/lifetime.ts'
import { registerClientSystem } from '../runs/client-system.ts'
import { endRun } from '../runs/end.ts'
import { findRun } from '../runs/list.ts'
import type { CompleteJob } from '../runs/store.ts'
import type { TriggerRun } from '../runs/trigger.ts'
import type { QueueClock } from './job-queue.ts'
import { startPartitioning } from './partitions.ts'
import { pruneDaily, pruneQueue } from './prune.ts'
import { startReaper } from './reaper.ts'
import { prepareRunQueue, takeRuns } from './run-queue.ts'
import { scheduleQueue, startSchedule, startSendingSkippedTimes } from './schedule.ts'
import { startSchemaCheck } from './schema-check.ts'
import { createStartupRuns } from './startup.ts'
import { createWorker, type WorkerOptions } from './worker.ts'

export type WorkerProcessOptions = WorkerOptions & {
  clientSystems: readonly ClientSystem[]
  /** How long runs and changes are kept. */
  historyDays: number
  /** How long readings are kept; null for ever. */
  readingsDays: number | null
  boss: PgBoss
  trigger: TriggerRun
  clock: QueueClock | undefined
}

/** The parts of a process whose ROLE is `all` or `worker`: worker, schedule, reaper, schema check, pruning and partitions. */
export type WorkerProcess = Lifetime & {
  /** The Client Systems whose runs this process takes: none once it is stopped, or a newer program migrated the schema. */
  clientSystemIds: () => string[]
  /** Stops a run of this process when its row says that another process has ended it. */
  stopIfEnded: (runId: string) => void
}

/** Starts to take runs. A stop ends those of this process as interrupted; the queue waits for them. */
export async function startWorkerProcess(options: WorkerProcessOptions): Promise<WorkerProcess> {
  const { clientSystems, historyDays, readingsDays, pools, boss, trigger, completeJob, clock, log } = options
  const pool = pools.short
  const loops = createStack()
  const worker = createWorker(options)
  const startup = createStartupRuns({ pool, trigger })
  let stopped = false
  const onIdle = async (clientSystem: ClientSystem) => {
    if (!stopped) await startup.requestAgain(clientSystem)
  }
  const reaper = loops.add(startReaper({ pool, boss, clientSystems, completeJob, onIdle, log }))
  const onOutdated = async () => {
    await reaper.stop()
    await stopTaking(boss, clientSystems)
  }
  const schema = loops.add(startSchemaCheck({ pool, onOutdated, log }))
  const workerProcess = withLifetime(
    {
      clientSystemIds: () => (stopped || schema.isOutdated() ? [] : clientSystems.map(({ id }) => id)),
      stopIfEnded: (runId: string) => void worker.stopIfEnded(runId),
    },
    async () => {
      stopped = true
      await worker.stop()
      await loops.stop()
    },
    { timeoutMs: 1_000 },
  )
  const schedule = { clientSystems, pool, boss, trigger, clock, log }
  try {
    for (const { id } of clientSystems) await prepareRunQueue(boss, id)
    for (const clientSystem of clientSystems) await registerClientSystem(pool, clientSystem)
    for (const clientSystem of clientSystems) {
      await takeRuns(boss, clientSystem.id, async (job) => {
        if (await schema.isCurrent()) await worker.work(clientSystem, job)
        else await refuseRun(job.id, pool, completeJob)
      })
      await startSchedule(clientSystem, schedule)
      await pruneDaily(clientSystem, { boss, pool: pools.long, historyDays, log })
      await startup.request(clientSystem)
    }
  } catch (error) {
    await workerProcess.stop()
    throw error
  }
  loops.add(startPartitioning({ pool: pools.long, readingsDays, log, clock }))
  loops.add(startSendingSkippedTimes(schedule))
  return workerProcess
}

/** Stops taking jobs from the queues of these Client Systems. Does not wait for the jobs that were taken. */
async function stopTaking(boss: PgBoss, clientSystems: readonly ClientSystem[]): Promise<void> {
  for (const { id } of clientSystems) {
    for (const queue of [runQueue(id), scheduleQueue(id), pruneQueue(id)]) await boss.offWork(queue, { wait: false })
  }
}

/** Ends a run that was taken just when the schema changed. A newer worker takes the next one. */
async function refuseRun(runId: string, pool: pg.Pool, completeJob: CompleteJob): Promise<void> {
  const run = await findRun(drizzle(pool), runId)
  if (!run) return
  const error = new AgentError('shutting_down', 'The schema of the Sync database was changed by a newer program', {
    hint: 'Nothing was changed; the run at the start of the newer program covers it',
  })
  await transaction(pool, (client) => endRun(client, run, 'interrupted', error, completeJob))
}
