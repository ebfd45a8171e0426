/** Calendar days in the reader's time zone. A day is written as "2026-11-26". Pure. */
import type { Zone } from './format.ts'

/** When the day that is `after` days later than `day` begins, in milliseconds. */
export function midnight(day: string, after: number, zone: Zone): number {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return zone === 'utc' ? Date.UTC(year, month - 1, date + after) : new Date(year, month - 1, date + after).getTime()
}

/** A time of day in milliseconds: `hour` is 0 to 24, whatever the clocks do on that day. */
export function atHour(day: string, hour: number, zone: Zone): number {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return zone === 'utc' ? Date.UTC(year, month - 1, date, hour) : new Date(year, month - 1, date, hour).getTime()
}

const dayForms: Record<Zone, Intl.DateTimeFormat> = {
  local: new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short' }),
  utc: new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeZone: 'UTC' }),
}

/** The day that a time in milliseconds lies in. */
export function dayOf(ms: number, zone: Zone): string {
  return dayForms[zone].format(ms)
}

/** The day that is `after` days later. */
export function daysLater(day: string, after: number): string {
  return new Date(midnight(day, after, 'utc')).toISOString().slice(0, 10)
}

const names = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' })
const shortNames = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })

/** "26 Nov 2026". */
export function dayName(day: string): string {
  return names.format(midnight(day, 0, 'utc'))
}

/** "26 Nov". */
export function shortDayName(day: string): string {
  return shortNames.format(midnight(day, 0, 'utc'))
}
