import { CronExpressionParser } from 'cron-parser'
import { errorMessage } from '../lib/errors.ts'
import type { ReportError } from './targets.ts'

const expected = 'expected five fields: minute hour day month weekday'

/**
 * Returns the longest gap between two times of a schedule, in milliseconds. A schedule or time zone that cannot be used is
 * reported to `fault`.
 */
export function scheduleInterval(cron: string, timeZone: string, fault: ReportError): number {
  let tz = timeZone
  try {
    new Intl.DateTimeFormat('en', { timeZone })
  } catch {
    fault('SYNC_TIMEZONE', `${timeZone} is not a time zone; expected a name like UTC or Europe/Zurich`)
    tz = 'UTC'
  }
  const fields = cron.trim().split(/\s+/)
  if (fields.length !== 5) {
    fault('SYNC_CRON', expected)
    return 0
  }
  const unusual = fields.find((field, at) => !isUsual(field, at))
  if (unusual !== undefined) {
    fault(
      'SYNC_CRON',
      `${unusual} is not a field of five-field cron; ${expected}, like 0 * * * * or */15 6-20 * * mon-fri`,
    )
    return 0
  }
  try {
    return longestGap(cron, tz)
  } catch (error) {
    fault('SYNC_CRON', `${errorMessage(error)}; ${expected}`)
    return 0
  }
}

const names = [
  null,
  null,
  null,
  'jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec',
  'sun|mon|tue|wed|thu|fri|sat',
] as const

/**
 * True for lists of `*`, numbers, names and ranges, each with an optional step. Extensions of single schedulers, such as
 * `H`, `L`, `W`, `#` and `?`, mean something else elsewhere or move the time with every start.
 */
function isUsual(field: string, at: number): boolean {
  const name = names[at]
  const value = name ? `(\\d{1,2}|${name})` : '\\d{1,2}'
  const item = `(\\*|${value}(-${value})?)(/\\d{1,2})?`
  return new RegExp(`^${item}(,${item})*$`, 'i').test(field)
}

/**
 * The longest gap between two times of a schedule, in milliseconds: within an hour, or from the last minute of an hour to
 * the first of the next. The same whenever the agent starts, so the hours of a whole week are looked at, nights and weekends
 * among them, and of a whole year where not every month has any. Throws when the schedule cannot be read.
 */
function longestGap(cron: string, tz: string): number {
  const minutes = [...CronExpressionParser.parse(cron, { tz }).fields.minute.values]
    .map(Number)
    .toSorted((a, b) => a - b)
  const [first = 0] = minutes
  const last = minutes.at(-1) ?? first
  const withinHour = Math.max(...minutes.map((minute, at) => minute - (minutes[at - 1] ?? minute)))

  const hours = CronExpressionParser.parse(cron.trim().replace(/^\S+/, String(first)), { tz })
  const [, , , month] = cron.trim().split(/\s+/)
  const until = Date.now() + (month === '*' ? 8 : 367) * 86_400_000
  let betweenHours = 0
  let time = hours.next().getTime()
  for (let gaps = 0; gaps < 30 || time < until; gaps++) {
    const next = hours.next().getTime()
    betweenHours = Math.max(betweenHours, next - time)
    time = next
  }
  return Math.max(withinHour * 60_000, betweenHours - (last - first) * 60_000)
}
