import { CronExpressionParser } from 'cron-parser'
import { errorMessage } from '../lib/errors.ts'
import type { ReportError } from './targets.ts'

const hourMs = 3_600_000

/** The period in which the longest gap is searched: a week and a day, or a year where the months are restricted. */
const weekMs = 8 * 86_400_000
const yearMs = 367 * 86_400_000

const expectedFields = 'expected five fields: minute hour day month weekday'

/**
 * Returns the longest gap between two times of a schedule, in milliseconds. Reports an invalid schedule or time zone, and
 * returns 0 for an invalid schedule.
 */
export function findLongestInterval(cron: string, timeZone: string, reportError: ReportError): number {
  let tz = timeZone
  try {
    new Intl.DateTimeFormat('en', { timeZone })
  } catch {
    reportError('SYNC_TIMEZONE', `${timeZone} is not a time zone; expected a name like UTC or Europe/Zurich`)
    tz = 'UTC'
  }
  const fields = cron.trim().split(/\s+/)
  if (fields.length !== 5) {
    reportError('SYNC_CRON', expectedFields)
    return 0
  }
  const invalid = fields.find((field, at) => !isStandardField(field, at))
  if (invalid !== undefined) {
    reportError(
      'SYNC_CRON',
      `${invalid} is not a valid field of five-field cron; ${expectedFields}, like 0 * * * * or */15 6-20 * * mon-fri`,
    )
    return 0
  }
  try {
    return longestGap(cron, tz)
  } catch (error) {
    reportError('SYNC_CRON', `${errorMessage(error)}; ${expectedFields}`)
    return 0
  }
}

/** The names that each field accepts beside numbers, as an alternation of a regular expression. */
const fieldNames = [
  null,
  null,
  null,
  'jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec',
  'sun|mon|tue|wed|thu|fri|sat',
] as const

/**
 * Returns true for a list of `*`, numbers, names and ranges, each with an optional step. Extensions of single schedulers,
 * such as `H`, `L`, `W`, `#` and `?`, are refused: they differ between schedulers, or change the time at every start.
 */
function isStandardField(field: string, at: number): boolean {
  const names = fieldNames[at]
  const value = names ? `(\\d{1,2}|${names})` : '\\d{1,2}'
  const item = `(\\*|${value}(-${value})?)(/\\d{1,2})?`
  return new RegExp(`^${item}(,${item})*$`, 'i').test(field)
}

/**
 * Returns the longest gap between two times of a schedule, in milliseconds. A gap is either between two minutes of one
 * hour, or from the last minute of an hour to the first minute of the next. Throws when the schedule is invalid.
 */
function longestGap(cron: string, tz: string): number {
  const minutes = [...CronExpressionParser.parse(cron, { tz }).fields.minute.values]
    .map(Number)
    .toSorted((a, b) => a - b)
  const [first = 0] = minutes
  const last = minutes.at(-1) ?? first
  const withinHour = Math.max(...minutes.map((minute, at) => minute - (minutes[at - 1] ?? minute)))

  const [, ...others] = cron.trim().split(/\s+/)
  const isEveryHour = others.every((field) => field === '*')
  const betweenHours = isEveryHour ? hourMs : longestGapOfHours([first, ...others], tz)
  return Math.max(withinHour * 60_000, betweenHours - (last - first) * 60_000)
}

/**
 * Returns the longest gap between two times of a schedule of one minute, in milliseconds. The result must not depend on when
 * the agent starts, so every hour of a week is examined, nights and weekends included, and every hour of a year when the months
 * are restricted.
 */
function longestGapOfHours(fields: readonly (string | number)[], tz: string): number {
  const hours = CronExpressionParser.parse(fields.join(' '), { tz })
  const until = Date.now() + (fields[3] === '*' ? weekMs : yearMs)
  let longest = 0
  let time = hours.next().getTime()
  for (let gaps = 0; gaps < 30 || time < until; gaps++) {
    const next = hours.next().getTime()
    longest = Math.max(longest, next - time)
    time = next
  }
  return longest
}
