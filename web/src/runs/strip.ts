/** The last 90 days of syncs as cells of a strip, and their hours. Pure. */
import type { RunHistory } from '../../../src/wire/types.ts'
import { dayName } from '../ui/days.ts'
import { formatCount, formatDuration, plural, type Zone } from '../ui/format.ts'

/** What happened in a day or in an hour. */
export type Period = {
  /** Of a day "2026-11-26", of an hour "2026-11-26 14". */
  key: string
  succeeded: number
  failed: number
  cancelled: number
  /** Hours in which a sync was scheduled and none ran. */
  missed: number
  inserted: number
  updated: number
  deleted: number
}

export type Day = Period & { hours: readonly Period[] }

/** The worst outcome of a period, which decides how its cell looks. */
export type PeriodOutcome = 'failed' | 'missed' | 'cancelled' | 'succeeded' | 'none'

export const periodOutcomes: Record<PeriodOutcome, string> = {
  succeeded: 'Succeeded',
  failed: 'Failed',
  missed: 'Missed',
  cancelled: 'Cancelled',
  none: 'No sync',
}

export const stripDays = 90
const hourMs = 3_600_000

export function outcomeOf({ failed, missed, cancelled, succeeded }: Period): PeriodOutcome {
  if (failed > 0) return 'failed'
  if (missed > 0) return 'missed'
  if (succeeded > 0) return 'succeeded'
  return cancelled > 0 ? 'cancelled' : 'none'
}

/** Returns the days up to now in a time zone, oldest first, each with all its hours. */
export function daysOf(
  { to, hours, missedHours }: Pick<RunHistory, 'to' | 'hours' | 'missedHours'>,
  zone: Zone,
): Day[] {
  const local = new Intl.DateTimeFormat('sv-SE', {
    dateStyle: 'short',
    timeStyle: 'short',
    ...(zone === 'utc' && { timeZone: 'UTC' }),
  })
  const ran = new Map(hours.map((hour) => [Date.parse(hour.from), hour]))
  const missed = new Set(missedHours.map((from) => Date.parse(from)))
  const days: { key: string; hours: Period[] }[] = []
  let hour = Math.floor(Date.parse(to) / hourMs) * hourMs
  // An hour more than 90 days: where the clocks went back, a day has 25.
  for (let count = 0; count <= stripDays * 24; count++, hour -= hourMs) {
    const [key = '', clock = ''] = local.format(hour).split(' ')
    const last = days.at(-1)
    const period = periodOf(`${key} ${clock.slice(0, 2)}`, ran.get(hour), missed.has(hour))
    if (last?.key === key) last.hours.unshift(period)
    else if (days.length < stripDays) days.push({ key, hours: [period] })
    else break
  }
  return days.reverse().map((day) => ({ ...day.hours.reduce(sum, periodOf(day.key, undefined, false)), ...day }))
}

function periodOf(key: string, ran: RunHistory['hours'][number] | undefined, missed: boolean): Period {
  const none = { succeeded: 0, failed: 0, cancelled: 0, inserted: 0, updated: 0, deleted: 0 }
  const { succeeded, failed, cancelled, inserted, updated, deleted } = ran ?? none
  return { key, succeeded, failed, cancelled, missed: missed ? 1 : 0, inserted, updated, deleted }
}

function sum(total: Period, one: Period): Period {
  return {
    key: total.key,
    succeeded: total.succeeded + one.succeeded,
    failed: total.failed + one.failed,
    cancelled: total.cancelled + one.cancelled,
    missed: total.missed + one.missed,
    inserted: total.inserted + one.inserted,
    updated: total.updated + one.updated,
    deleted: total.deleted + one.deleted,
  }
}

/** "26 Nov 2026" of a day, "26 Nov 2026, 14:00" of an hour. */
export function periodName(key: string): string {
  const [day = '', hour] = key.split(' ')
  return hour === undefined ? dayName(day) : `${dayName(day)}, ${hour}:00`
}

/** Returns the numbers of a cell as a sentence. */
export function periodWords(period: Period): string {
  const { succeeded, failed, cancelled, missed, inserted, updated, deleted } = period
  const runs = [
    succeeded > 0 ? `${formatCount(succeeded)} succeeded` : null,
    failed > 0 ? `${formatCount(failed)} failed` : null,
    cancelled > 0 ? `${formatCount(cancelled)} cancelled` : null,
    missed > 0 ? `${plural(missed, 'hour')} missed` : null,
  ].filter((part) => part !== null)
  const changes = [
    inserted > 0 ? `${formatCount(inserted)} inserted` : null,
    updated > 0 ? `${formatCount(updated)} updated` : null,
    deleted > 0 ? `${formatCount(deleted)} deleted` : null,
  ].filter((part) => part !== null)
  const facts = runs.length === 0 ? ['no sync'] : [...runs, ...(changes.length === 0 ? ['no changes'] : changes)]
  return `${periodName(period.key)}: ${facts.join(', ')}`
}

/** "99.6 % of syncs succeeded in 30 days, 2 outages, 7 h out of date." Never rounded up to all of them. */
export function summaryWords({ days, succeeded, failed, outages, staleSeconds }: RunHistory['summary']): string {
  const all = succeeded + failed
  if (all === 0) return `No sync has ended in ${plural(days, 'day')}.`
  const share = Math.floor((succeeded * 1000) / all) / 10
  const facts = [
    `${share} % of ${plural(all, 'sync', 'syncs')} succeeded in ${plural(days, 'day')}`,
    outages === 0 ? 'no outage' : plural(outages, 'outage'),
    staleSeconds < 60 ? 'never out of date' : `${formatDuration(staleSeconds * 1000)} out of date`,
  ]
  return `${facts.join(', ')}.`
}
