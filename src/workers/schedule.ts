import type pg from 'pg'
import type { JobWithMetadata, PgBoss } from 'pg-boss'
import type { ClientSystem } from '../config/environment.ts'
import { findLastTime, queueFiredInRepeatedHour, queueFiresAt } from '../config/schedule-times.ts'
import { type Loop, startLoop } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { automaticRequest, type TriggerRun } from '../runs/trigger.ts'
import type { QueueClock } from './job-queue.ts'

export type ScheduleOptions = {
  clientSystems: readonly ClientSystem[]
  pool: pg.Pool
  boss: PgBoss
  trigger: TriggerRun
  clock: QueueClock | undefined
  log: Log
}

/** Returns the name of the queue that gets a job at each time of a Client System's schedule. */
export function scheduleQueue(clientSystemId: string): string {
  return `meter-sync-schedule.${clientSystemId}`
}

/** Queues a run at each time of a Client System's schedule, until pg-boss stops. */
export async function startSchedule(clientSystem: ClientSystem, options: ScheduleOptions): Promise<void> {
  const { boss } = options
  const { id, schedule } = clientSystem
  const settings = { retryLimit: 0, retentionSeconds: 300, expireInSeconds: 60, notify: true }
  await boss.createQueue(scheduleQueue(id), { policy: 'short', ...settings })
  await boss.updateQueue(scheduleQueue(id), settings)
  await boss.work(
    scheduleQueue(id),
    { pollingIntervalSeconds: 1, includeMetadata: true },
    async (jobs: JobWithMetadata[]) => {
      for (const job of jobs) await queueRun(clientSystem, job, options)
    },
  )
  await boss.schedule(scheduleQueue(id), schedule.cron, {}, { tz: schedule.timeZone })
}

/** Queues the run of one scheduled time, unless the clocks repeat that hour. Throws after logging an error. */
async function queueRun(
  { id: clientSystemId, schedule }: ClientSystem,
  job: JobWithMetadata,
  { trigger, clock, log }: Pick<ScheduleOptions, 'trigger' | 'clock' | 'log'>,
): Promise<void> {
  try {
    if (queueFiredInRepeatedHour(schedule, clock ? new Date(clock.now()) : job.createdOn)) {
      log.info({ clientSystem: clientSystemId }, 'meter sync skipped: the clocks repeat this hour')
      return
    }
    const { run, created } = await trigger(automaticRequest(clientSystemId, 'schedule'))
    if (!created) log.info({ clientSystem: clientSystemId, activeRunId: run.id }, 'meter sync skipped')
  } catch (err) {
    const hint = 'The next scheduled time tries again; Sync now does at once'
    log.error({ err, clientSystem: clientSystemId, hint }, 'the scheduled sync could not be queued')
    throw err
  }
}

/** How often a worker checks for scheduled times that pg-boss has skipped. */
const skippedTimesIntervalMs = 20_000

/**
 * Starts to send jobs for the scheduled times that the clocks skip when they are set forward, because pg-boss sends none. All
 * workers send them, and the queue keeps one.
 */
export function startSendingSkippedTimes(options: ScheduleOptions): Loop {
  const { clock, log } = options
  return startLoop({
    pass: () => sendSkippedTimes(options),
    everyMs: skippedTimesIntervalMs,
    onError: (err) => log.debug({ err }, 'the skipped times of the schedule could not be sent'),
    ...(clock && { timers: clock }),
  })
}

async function sendSkippedTimes({ clientSystems, pool, boss, clock }: ScheduleOptions): Promise<void> {
  const now = clock ? new Date(clock.now()) : await readDatabaseTime(pool)
  for (const { id, schedule } of clientSystems) {
    const time = findLastTime(schedule, new Date(now.getTime() - 3 * skippedTimesIntervalMs), now)
    if (!time || queueFiresAt(schedule, time)) continue
    const once = { singletonKey: time.toISOString(), singletonSeconds: 6 * 3_600 }
    await boss.send(scheduleQueue(id), {}, once)
  }
}

async function readDatabaseTime(pool: pg.Pool): Promise<Date> {
  const { rows } = await pool.query<{ now: Date }>('select clock_timestamp() as now')
  if (!rows[0]) throw new Error('the Sync database returned no time')
  return rows[0].now
}
