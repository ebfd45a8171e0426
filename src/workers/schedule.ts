import type pg from 'pg'
import type { JobWithMetadata, PgBoss } from 'pg-boss'
import type { ClientSystem } from '../config/environment.ts'
import { findLastTime, queueFiredInRepeatedHour, queueFiresAt } from '../config/times.ts'
import type { Log } from '../lib/log.ts'
import type { TriggerRun } from '../runs/trigger.ts'
import type { QueueClock } from './queue.ts'

export const scheduleQueue = (clientSystemId: string) => `meter-sync-schedule.${clientSystemId}`

/** How often a worker checks for times of the schedule that the queue's own cron misses. */
export const skippedTimesIntervalMs = 20_000

export type ScheduleOptions = {
  clientSystems: readonly ClientSystem[]
  pool: pg.Pool
  boss: PgBoss
  trigger: TriggerRun
  clock: QueueClock | undefined
  log: Log
}

/** Queues runs at the times of the schedule. */
export type Schedule = {
  /** Creates the queue of a Client System's times and takes them. */
  start: (clientSystem: ClientSystem) => Promise<void>
  /** Sends the times that the clocks skip, which the queue's own cron misses. All workers send them, and the queue keeps one. */
  sendSkippedTimes: () => Promise<void>
}

export function createSchedule({ clientSystems, pool, boss, trigger, clock, log }: ScheduleOptions): Schedule {
  async function queueRun({ id: clientSystemId, schedule }: ClientSystem, job: JobWithMetadata): Promise<void> {
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

  return {
    start: async (clientSystem) => {
      const { id, schedule } = clientSystem
      const settings = { retryLimit: 0, retentionSeconds: 300, expireInSeconds: 60, notify: true }
      await boss.createQueue(scheduleQueue(id), { policy: 'short', ...settings })
      await boss.updateQueue(scheduleQueue(id), settings)
      await boss.work(
        scheduleQueue(id),
        { pollingIntervalSeconds: 1, includeMetadata: true },
        async (jobs: JobWithMetadata[]) => {
          for (const job of jobs) await queueRun(clientSystem, job)
        },
      )
      await boss.schedule(scheduleQueue(id), schedule.cron, {}, { tz: schedule.timeZone })
    },
    sendSkippedTimes: async () => {
      const now = clock ? new Date(clock.now()) : await databaseTime(pool)
      for (const { id, schedule } of clientSystems) {
        const time = findLastTime(schedule, new Date(now.getTime() - 3 * skippedTimesIntervalMs), now)
        if (!time || queueFiresAt(schedule, time)) continue
        const once = { singletonKey: time.toISOString(), singletonSeconds: 6 * 3_600 }
        await boss.send(scheduleQueue(id), {}, once)
      }
    },
  }
}

async function databaseTime(pool: pg.Pool): Promise<Date> {
  const { rows } = await pool.query<{ now: Date }>('select clock_timestamp() as now')
  if (!rows[0]) throw new Error('the Sync database returned no time')
  return rows[0].now
}
