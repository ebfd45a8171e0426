import { CronExpressionParser } from 'cron-parser'
import type { ClientSystem } from './environment.ts'

const hourMs = 3_600_000
const minuteMs = 60_000

/**
 * Returns a function that returns true when a schedule has a time in the hour that begins at a time in milliseconds. It
 * evaluates the fields of the expression, because iterating over three months of an every-minute schedule would take
 * seconds. An hour that the clocks repeat counts once, because the schedule fires once.
 */
export function createHourCheck({ cron, timeZone }: ClientSystem['schedule']): (hour: number) => boolean {
  const {
    minute,
    hour: hours,
    dayOfMonth,
    month,
    dayOfWeek,
  } = CronExpressionParser.parse(cron, { tz: timeZone }).fields
  const [minutes, allHours, days, months, weekdays] = [minute, hours, dayOfMonth, month, dayOfWeek].map(
    ({ values }) => new Set<number | string>(values),
  )
  const fitsDay = (time: Date) => {
    const inMonth = days?.has(time.getUTCDate()) === true
    // Sunday is 0 and 7.
    const weekday = time.getUTCDay()
    const inWeek = weekdays?.has(weekday) === true || (weekday === 0 && weekdays?.has(7) === true)
    if (dayOfMonth.isWildcard || dayOfWeek.isWildcard) return inMonth && inWeek
    return inMonth || inWeek
  }
  const local = createLocalTime(timeZone)
  return (begin) => {
    const first = local(begin)
    const isRepeated = local(begin - hourMs) === first
    if (isRepeated) return false
    for (const value of minutes ?? []) {
      const minutesLater = (Number(value) - new Date(first).getUTCMinutes() + 60) % 60
      const time = new Date(first + minutesLater * minuteMs)
      if (allHours?.has(time.getUTCHours()) && months?.has(time.getUTCMonth() + 1) && fitsDay(time)) return true
    }
    return false
  }
}

/** Returns a function that converts a time to the local time of a zone, as the milliseconds of the same time in UTC. */
function createLocalTime(timeZone: string): (time: number) => number {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
  return (time) => Date.parse(`${format.format(time).replace(' ', 'T')}Z`)
}
