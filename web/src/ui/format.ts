/** Formats numbers, sizes, durations and times. Pure; times are milliseconds since 1970. */

const number = new Intl.NumberFormat('en')
export type Zone = 'local' | 'utc'

const short = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' } as const
const clock = { hour: '2-digit', minute: '2-digit', second: '2-digit' } as const

/** Formats in one form, in the time zone of the browser or in UTC. A form is made at its first use: each takes long to make. */
function inZones(form: Intl.DateTimeFormatOptions): (time: Date, zone: Zone) => string {
  const made: Partial<Record<Zone, Intl.DateTimeFormat>> = {}
  return (time, zone) => {
    made[zone] ??= new Intl.DateTimeFormat('en-GB', { ...form, ...(zone === 'utc' && { timeZone: 'UTC' }) })
    return made[zone].format(time)
  }
}

const dateAndTime = inZones({ dateStyle: 'medium', timeStyle: 'medium' })
const dayAndTime = inZones(short)
const dayYearAndTime = inZones({ ...short, year: 'numeric' })
const withZone = inZones({ ...short, year: 'numeric', timeZoneName: 'short' })
const clockTime = inZones(clock)
const wholeDay = inZones({ dateStyle: 'full' })
const hourAndMinute = inZones({ hour: '2-digit', minute: '2-digit' })

export function formatCount(count: number): string {
  return number.format(count)
}

/** "1 row", "2,000 rows". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

/** Powers of 1,000, as disks and networks count. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  let power = 0
  let value = bytes
  // What would be rounded to 1000 is one of the next unit.
  while (value >= 999.5 && power < units.length - 1) {
    value /= 1000
    power++
  }
  const digits = power === 0 || value >= 99.95 ? 0 : 1
  return `${value.toFixed(digits)} ${power === 0 && bytes === 1 ? 'byte' : units[power]}`
}

/** "84 ms", "4.2 s", "3 min 12 s", "2 h 5 min"; a negative duration (clocks that differ) reads as none. */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return joined([Math.floor(seconds / 60), 'min'], [seconds % 60, 's'])
  const minutes = Math.floor(seconds / 60)
  if (minutes < 1440) return joined([Math.floor(minutes / 60), 'h'], [minutes % 60, 'min'])
  const hours = Math.floor(minutes / 60)
  return joined([Math.floor(hours / 24), 'd'], [hours % 24, 'h'])
}

/** A duration that still grows, in whole seconds: tenths would flicker. */
export function formatElapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  return seconds < 60 ? `${seconds} s` : formatDuration(seconds * 1000)
}

function joined(...parts: readonly [number, string][]): string {
  const [first, ...rest] = parts.map(([value, unit]) => ({ value, text: `${value} ${unit}` }))
  return [first, ...rest.filter((part) => part.value > 0)].map((part) => part?.text).join(' ')
}

/** "just now", "20 seconds ago", "3 minutes ago": in coarse steps, so that the text rarely changes. */
export function formatAge(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  if (seconds < 10) return 'just now'
  if (seconds < 60) return `${Math.floor(seconds / 10) * 10} seconds ago`
  return `${wholeUnits(seconds, Math.floor)} ago`
}

/** "in 4 seconds", "in 12 minutes"; "now" when the time has come. */
export function formatCountdown(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  if (seconds <= 0) return 'now'
  if (seconds < 60) return `in ${plural(seconds, 'second')}`
  return `in ${wholeUnits(seconds, Math.round)}`
}

function wholeUnits(seconds: number, round: (value: number) => number): string {
  const minutes = round(seconds / 60)
  if (minutes < 60) return plural(minutes, 'minute')
  const hours = round(seconds / 3600)
  if (hours < 48) return plural(hours, 'hour')
  return plural(round(seconds / 86_400), 'day')
}

/** Formats a time. A text that is not a time, such as infinity, is returned as it is. */
function timeOr(iso: string, format: (time: Date) => string): string {
  const time = new Date(iso)
  return Number.isNaN(time.getTime()) ? iso : format(time)
}

/** The exact local time and the same in UTC, for a tooltip. */
export function formatExact(iso: string): string {
  return timeOr(iso, (time) => `${withZone(time, 'local')} (${time.toISOString()})`)
}

/** "23 Nov 2026, 14:03:12"; with UTC where that is the zone. */
export function formatDateTime(iso: string, zone: Zone = 'local'): string {
  return timeOr(iso, (time) => named(dateAndTime(time, zone), zone))
}

/** "23 Nov, 14:03:12", for tables; with its year where that is not the present one. */
export function formatDayTime(iso: string, zone: Zone = 'local', now = Date.now()): string {
  const thisYear = new Date(iso).getUTCFullYear() === new Date(now).getUTCFullYear()
  const form = thisYear ? dayAndTime : dayYearAndTime
  return timeOr(iso, (time) => named(form(time, zone), zone))
}

/** "Thursday, 26 November 2026". */
export function formatDay(iso: string, zone: Zone = 'local'): string {
  return timeOr(iso, (time) => wholeDay(time, zone))
}

/** "14:03:12". */
export function formatClock(ms: number, zone: Zone = 'local'): string {
  return named(clockTime(new Date(ms), zone), zone)
}

/** "05:33"; with its day after 12 hours, and with UTC where that is the zone. */
export function formatLastKnown(ms: number, now: number, zone: Zone = 'local'): string {
  if (now - ms > 12 * 3_600_000) return formatDayTime(new Date(ms).toISOString(), zone, now)
  return named(hourAndMinute(new Date(ms), zone), zone)
}

function named(text: string, zone: Zone): string {
  return zone === 'utc' ? `${text} UTC` : text
}

/** A cell's value as text: text as it is, anything else as JSON; null has no text. */
export function formatValue(value: unknown): string | null {
  if (value === null || value === undefined) return null
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Joins texts to sentences, each with its full stop, without missing ones. */
export function sentences(...texts: (string | null | undefined)[]): string {
  const given = texts.filter((text) => text != null && text !== '')
  return given.map((text) => (/[.!?…]$/.test(text ?? '') ? text : `${text}.`)).join(' ')
}

/** How many characters of a long text are shown at first. */
const excerptLength = 300

/** Returns whether a text is shown in part at first. */
export function isLong(text: string): boolean {
  return text.length > excerptLength + 100
}

/** Returns a part of a long text: from a little before the character at `from`. Cuts no character in two. */
export function excerptOf(text: string, from: number): string {
  const start = from <= excerptLength / 2 ? 0 : Math.min(from - 60, text.length - excerptLength)
  const end = start + excerptLength
  const part = text.slice(splitsPair(text, start) ? start + 1 : start, splitsPair(text, end) ? end - 1 : end)
  return `${start > 0 ? '… ' : ''}${part}${end < text.length ? ' …' : ''}`
}

/** Returns the position where two texts begin to differ; the length of the shorter one when the longer begins with it. */
export function firstDifference(one: string, other: string): number {
  const maxLength = Math.min(one.length, other.length)
  let at = 0
  while (at < maxLength && one[at] === other[at]) at++
  return at
}

/** Returns whether a cut at `at` would split a character of two units. */
function splitsPair(text: string, at: number): boolean {
  return /^[\uDC00-\uDFFF]/.test(text.slice(at, at + 1)) && /[\uD800-\uDBFF]$/.test(text.slice(at - 1, at))
}
