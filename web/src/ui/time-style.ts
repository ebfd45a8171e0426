/** The styles of the times on the page. Pure. */
import { formatAge, formatCountdown, formatDateTime, formatDayTime } from './format.ts'

export type TimeStyle = 'relative' | 'local' | 'utc'

/** `full` has the year. */
export type Length = 'short' | 'full'

export const timeStyles: readonly TimeStyle[] = ['relative', 'local', 'utc']

/** Returns the style of a stored name; relative for any other text. */
export function parseTimeStyle(text: string | null): TimeStyle {
  return timeStyles.find((style) => style === text) ?? 'relative'
}

/** A time that is less than this in the future counts as now, because clocks may differ. */
const toleranceMs = 60_000

/** Formats a time in a style: its age, or its date and time. `now` is the server's time. */
export function formatMoment(iso: string, style: TimeStyle, now: number, length: Length): string {
  const age = now - Date.parse(iso)
  if (style !== 'relative' || Number.isNaN(age)) return formatStamp(iso, style, length)
  return age < -toleranceMs ? formatCountdown(-age) : formatAge(age)
}

/** Formats a time as date and time: in UTC if that is the style, otherwise in the time zone of the browser. */
export function formatStamp(iso: string, style: TimeStyle, length: Length): string {
  const zone = style === 'utc' ? 'utc' : 'local'
  return length === 'full' ? formatDateTime(iso, zone) : formatDayTime(iso, zone)
}
