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
  const { fields } = CronExpressionParser.parse(cron, { tz: timeZone })
  const minutes = [...fields.minute.values].map(Number)
  const has = (field: 'hour' | 'dayOfMonth' | 'month' | 'dayOfWeek', value: number) =>
    fields[field].values.some((allowed) => allowed === value)
  const fitsDay = (time: Date) => {
    const weekday = time.getUTCDay()
    const inMonth = has('dayOfMonth', time.getUTCDate())
    // Sunday is 0 and 7.
    const inWeek = has('dayOfWeek', weekday) || (weekday === 0 && has('dayOfWeek', 7))
    // As with cron, one of the two fields is enough where both are restricted.
    const needsBoth = fields.dayOfMonth.isWildcard || fields.dayOfWeek.isWildcard
    return needsBoth ? inMonth && inWeek : inMonth || inWeek
  }
  const toLocal = createLocalTime(timeZone)
  return (hour) => {
    const begin = toLocal(hour)
    const isRepeated = toLocal(hour - hourMs) === begin
    if (isRepeated) return false
    return minutes.some((minute) => {
      const minutesLater = (minute - new Date(begin).getUTCMinutes() + 60) % 60
      const time = new Date(begin + minutesLater * minuteMs)
      return has('hour', time.getUTCHours()) && has('month', time.getUTCMonth() + 1) && fitsDay(time)
    })
  }
}

/** Returns a function that converts a time to the local time of a zone, as the milliseconds of the same time in UTC. */
function createLocalTime(timeZone: string): (time: number) => number {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
  return (time) => Date.parse(`${format.format(time).replace(' ', 'T')}Z`)
}
