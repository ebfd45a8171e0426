import { CronExpressionParser } from 'cron-parser'
import type { ClientSystem } from './environment.ts'

type Schedule = ClientSystem['schedule']

/**
 * Returns the first time of a schedule after a time. As with cron, a time that the clocks skip in spring occurs once,
 * later by the skipped period; a time that they repeat in autumn occurs once, the first time.
 */
export function findNextTime(schedule: Schedule, after: Date): Date {
  const next = iterateFrom(schedule, after)
  for (;;) {
    const time = next()
    if (time.getTime() > after.getTime()) return time
  }
}

/** Returns the latest time of a schedule after `after`, up to and including `until`; null when there is none. */
export function findLastTime(schedule: Schedule, after: Date, until: Date): Date | null {
  const next = iterateFrom(schedule, after)
  let last: Date | null = null
  for (let time = next(); time.getTime() <= until.getTime(); time = next()) {
    if (time.getTime() > after.getTime()) last = time
  }
  return last
}

/** More than the longest period that a clock change repeats or skips. */
const lookBackMs = 3 * 3_600_000

/**
 * Returns a function that yields the times of a schedule in order. It begins well before `after`, because the parser
 * recognises a repeated hour only when it iterates past the first one.
 */
function iterateFrom({ cron, timeZone }: Schedule, after: Date): () => Date {
  const times = CronExpressionParser.parse(cron, {
    tz: timeZone,
    currentDate: new Date(after.getTime() - lookBackMs),
  })
  return () => times.next().toDate()
}

/** Returns true when pg-boss fires by itself at `time`. */
export function queueFiresAt(schedule: Schedule, time: Date): boolean {
  return findQueueTime(schedule, time)?.getTime() === time.getTime()
}

/** Returns true when pg-boss fired in the two minutes before `at` because the clocks repeated a time. */
export function queueFiredInRepeatedHour(schedule: Schedule, at: Date): boolean {
  const since = new Date(at.getTime() - 120_000)
  const fired = findQueueTime(schedule, at)
  return fired !== null && fired.getTime() > since.getTime() && findLastTime(schedule, since, at) === null
}

/**
 * Returns the latest time up to `until` at which pg-boss fires by itself. pg-boss iterates backwards, so it misses a time
 * that the clocks skipped and fires twice at a repeated one. Null when the parser throws, as on a day when the clocks skip
 * midnight; pg-boss does not fire either then.
 */
function findQueueTime({ cron, timeZone }: Schedule, until: Date): Date | null {
  const times = CronExpressionParser.parse(cron, { tz: timeZone, currentDate: new Date(until.getTime() + 1) })
  try {
    return times.prev().toDate()
  } catch {
    return null
  }
}
