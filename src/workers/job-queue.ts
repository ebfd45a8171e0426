import { type ConstructorOptions, PgBoss } from 'pg-boss'
import type { Config } from '../config/environment.ts'
import { connectionOptions } from '../db/connect.ts'
import { queueSchema } from '../db/queue.ts'
import { configureQueueConnection } from '../db/session-settings.ts'
import { type Lifetime, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { withoutRepeats } from '../lib/repeats.ts'
import { waitAtMost } from '../lib/timeout.ts'

/** The clock of pg-boss: a TestClock in tests. */
export type QueueClock = NonNullable<ConstructorOptions['clock']>

export type JobQueueOptions = {
  syncDatabase: Config['syncDatabase']
  /** Whether this process takes jobs, and not only sends them. */
  takesJobs: boolean
  clock?: QueueClock
  log: Log
}

export type JobQueue = Lifetime & {
  boss: PgBoss
  /** Whether pg-boss is connected and its schema is there. */
  ready: () => Promise<boolean>
}

/** Connects to the job queue. A stop waits at most 6.5 s for running jobs. */
export async function startJobQueue({ syncDatabase, takesJobs, clock, log }: JobQueueOptions): Promise<JobQueue> {
  const connection = {
    ...connectionOptions(syncDatabase, { application: 'meter-sync-agent jobs', connectTimeoutMs: 5_000 }),
    // Otherwise a half-open connection would block the queue, and the heartbeats of runs.
    query_timeout: 5_000,
    idleTimeoutMillis: 4_000,
    onConnect: configureQueueConnection,
  }
  const boss = new PgBoss({
    ...connection,
    schema: queueSchema,
    // db/migrate.ts migrates it, so that the role of a running agent need not own anything.
    migrate: false,
    max: 4,
    supervise: takesJobs,
    schedule: takesJobs,
    useListenNotify: takesJobs,
    cronMonitorIntervalSeconds: 5,
    cronWorkerIntervalSeconds: 1,
    // Shorter than a minute, because a scheduled time is due for one minute: a clock that is set must be noticed before.
    clockMonitorIntervalSeconds: 20,
    ...(clock && { clock }),
  })
  boss.on(
    'error',
    withoutRepeats((err) => log.warn({ err }, 'the job queue reported an error; it continues')),
  )
  boss.on(
    'warning',
    withoutRepeats((warning) => log.warn({ warning }, 'the job queue gave a warning')),
  )
  const queue = withLifetime({ boss, ready: async () => (await boss.schemaVersion()) !== null }, async () => {
    await waitAtMost(6_500, stopQueue(boss))
  })
  try {
    await boss.start()
  } catch (error) {
    // Otherwise pg-boss would continue to connect.
    await queue.stop()
    throw error
  }
  return queue
}

/** Waits at most 6 s for running jobs. A graceful `boss.stop()` would check for their end only every half second. */
async function stopQueue(boss: PgBoss): Promise<void> {
  const queues = new Set(boss.getWipData().map(({ name }) => name))
  const ended = Promise.all([...queues].map((queue) => boss.offWork(queue)))
  await waitAtMost(6_000, ended)
  await boss.stop({ graceful: false })
}
