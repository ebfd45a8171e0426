/** The days of readings that are shown, and their time axis. Pure. */
import type { ReadingSpan } from '../routing/route.ts'
import { atHour, dayName, dayOf, daysLater, midnight, shortDayName } from '../ui/days.ts'
import type { Zone } from '../ui/format.ts'

export type Period = {
  /** The last of its days. */
  day: string
  span: ReadingSpan
  /** Milliseconds; inclusive. */
  from: number
  /** Exclusive. */
  to: number
  ticks: readonly Tick[]
}

/** A line across the plot at a time. Where there is little room, every second or fourth has its label. */
export type Tick = { at: number; label: string }

export const spanDays: Record<ReadingSpan, number> = { day: 1, week: 7, month: 30 }

/** The shortest span in which a meter has enough readings for a line. */
export function usualSpan(readingIntervalMinutes: number): ReadingSpan {
  return readingIntervalMinutes <= 180 ? 'day' : readingIntervalMinutes < 1440 ? 'week' : 'month'
}

/** The day of a reading, or of `now` when its time is not on the calendar. */
export function dayOfReading(readAt: string | undefined, now: number, zone: Zone): string {
  const at = Date.parse(readAt ?? '')
  return dayOf(Number.isNaN(at) ? now : at, zone)
}

/** The days that end with `day`. */
export function periodOf(day: string, span: ReadingSpan, zone: Zone): Period {
  const first = 1 - spanDays[span]
  const ticks = span === 'day' ? hourTicks(day, zone) : dayTicks(day, first, span === 'week' ? 1 : 5, zone)
  return { day, span, from: midnight(day, first, zone), to: midnight(day, 1, zone), ticks }
}

function hourTicks(day: string, zone: Zone): Tick[] {
  return Array.from({ length: 9 }, (_, index) => index * 3).map((hour) => ({
    at: atHour(day, hour, zone),
    label: `${String(hour).padStart(2, '0')}:00`,
  }))
}

function dayTicks(day: string, first: number, step: number, zone: Zone): Tick[] {
  const count = Math.ceil(-first / step) + (step === 1 ? 1 : 0)
  return Array.from({ length: count }, (_, index) => first + index * step).map((after) => ({
    at: midnight(day, after, zone),
    label: shortDayName(daysLater(day, after)),
  }))
}

/** "26 Nov 2026", or "20 Nov to 26 Nov 2026". */
export function periodName({ day, span }: Period): string {
  const days = spanDays[span]
  if (days === 1) return dayName(day)
  const first = daysLater(day, 1 - days)
  const sameYear = first.slice(0, 4) === day.slice(0, 4)
  return `${sameYear ? shortDayName(first) : dayName(first)} to ${dayName(day)}`
}
