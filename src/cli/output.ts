import { toPrintable, toPrintableJson } from '../lib/printable.ts'

/** Returns "1 row" or "2,000 rows". */
export function formatCount(count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** Formats a number with thousands separators. */
export function formatNumber(count: number): string {
  return count.toLocaleString('en')
}

/** Writes a line for people to stdout. */
export function print(line: string): void {
  process.stdout.write(`${toPrintable(line)}\n`)
}

/** Writes a value as one line of JSON to stdout, for scripts. */
export function printJson(value: unknown): void {
  process.stdout.write(`${toPrintableJson(value)}\n`)
}

/** Writes a message to stderr on one line. Messages of PostgreSQL may have several lines. */
export function printError(message: string): void {
  process.stderr.write(`${toPrintable(message.replace(/\s*[\r\n]+\s*/g, ' '))}\n`)
}
