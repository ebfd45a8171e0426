import { CronExpressionParser } from 'cron-parser'
import type { ClientSystem } from './environment.ts'

type Schedule = ClientSystem['schedule']

/** Longer than any hour that a change of clocks repeats or skips. */
const lookBackMs = 3 * 3_600_000

/** Every time from well before `after` on: only one that walks past a repeated hour knows that it is repeated. */
function walk({ cron, timeZone }: Schedule, after: Date): () => Date {
  const times = CronExpressionParser.parse(cron, {
    tz: timeZone,
    currentDate: new Date(after.getTime() - lookBackMs),
  })
  return () => times.next().toDate()
}

/**
 * The next time of a schedule after a time. As with cron, a time that the clocks skip in spring comes once, as much later
 * as they skip, and one that they repeat in autumn comes once, the first time.
 */
export function findNextTime(schedule: Schedule, after: Date): Date {
  const next = walk(schedule, after)
  for (;;) {
    const time = next()
    if (time.getTime() > after.getTime()) return time
  }
}

/** The latest time of a schedule after `after`, up to and including `until`; null when there is none. */
export function findLastTime(schedule: Schedule, after: Date, until: Date): Date | null {
  const next = walk(schedule, after)
  let last: Date | null = null
  for (let time = next(); time.getTime() <= until.getTime(); time = next()) {
    if (time.getTime() > after.getTime()) last = time
  }
  return last
}

/**
 * The queue's own schedule walks backwards: it finds no time that the clocks skipped, and a repeated one twice. Null where
 * the walk fails, as it does on the day that clocks skip midnight: then the queue does not fire either.
 */
function timeOfQueue({ cron, timeZone }: Schedule, until: Date): Date | null {
  const times = CronExpressionParser.parse(cron, { tz: timeZone, currentDate: new Date(until.getTime() + 1) })
  try {
    return times.prev().toDate()
  } catch {
    return null
  }
}

/** Whether the queue's own schedule fires at this time of ours. */
export function queueFiresAt(schedule: Schedule, time: Date): boolean {
  return timeOfQueue(schedule, time)?.getTime() === time.getTime()
}

/** Whether the queue fired, in the two minutes before `at`, at a time that the clocks repeat. */
export function queueFiredInRepeatedHour(schedule: Schedule, at: Date): boolean {
  const since = new Date(at.getTime() - 120_000)
  const fired = timeOfQueue(schedule, at)
  return fired !== null && fired.getTime() > since.getTime() && findLastTime(schedule, since, at) === null
}
