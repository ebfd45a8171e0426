/** How the times on the page are written. Pure. */
import { formatAge, formatCountdown, formatDateTime, formatDayTime } from './format.ts'

export type TimeStyle = 'relative' | 'local' | 'utc'

export const timeStyles: readonly TimeStyle[] = ['relative', 'local', 'utc']

/** The style that was kept under a name; anything else is relative. */
export function parseTimeStyle(text: string | null): TimeStyle {
  return timeStyles.find((style) => style === text) ?? 'relative'
}

/** Clocks may differ by so much without one being in the future. */
const tolerance = 60_000

/** A moment in a style: its age, or its date and time (the year only where there is room). `now` is the server's time. */
export function formatMoment(iso: string, style: TimeStyle, now: number, room: 'short' | 'full'): string {
  const age = now - Date.parse(iso)
  if (style !== 'relative' || Number.isNaN(age)) return formatStamp(iso, style, room)
  return age < -tolerance ? formatCountdown(-age) : formatAge(age)
}

/** A moment as date and time: in UTC if that is the style, else in the reader's time zone. */
export function formatStamp(iso: string, style: TimeStyle, room: 'short' | 'full'): string {
  const zone = style === 'utc' ? 'utc' : 'local'
  return room === 'full' ? formatDateTime(iso, zone) : formatDayTime(iso, zone)
}
