import { isUtf8 } from 'node:buffer'
import { AgentError } from '../../lib/errors.ts'
import { parseCsvRecord, withoutGuard } from '../csv.ts'
import { byteOf, maxReadingBytes, maxReadings, pauseBytes, startOfText, toBuffer, tooManyReadings } from './body.ts'

/** A row of a CSV body as the schema of readings expects it, or the reason why it is rejected. */
type CsvReading = { line: number; value: Record<string, string> } | { line: number; reason: string }

const required = ['externalId', 'quantity', 'value', 'readAt']
const optional = ['clientSystemId', 'unit']
const columns = [...required, ...optional]

/** Returns true when the first line of a body names the column `externalId`. */
export function isCsv(body: Uint8Array): boolean {
  const start = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, 1_024)).toString('utf8')
  return headerOf(start.split('\n', 1)[0] ?? '')?.includes('externalId') ?? false
}

/**
 * Yields the rows of a CSV body, whose header names the columns. Lines count from 1 and include the header. Yields undefined
 * after 64 kB without a row, so that the caller can let other requests run. Throws `bad_request` for an invalid header and for
 * a quote that is not closed, and `too_large` for more than 200,000 readings.
 */
export function* parseCsvReadings(body: Uint8Array): Generator<CsvReading | undefined> {
  let header: string[] | null = null
  let count = 0
  for (const record of recordsOf(toBuffer(body))) {
    if (record === null) yield undefined
    else if (header === null) header = requireHeader(record.bytes.toString('utf8'))
    else if (++count > maxReadings) throw tooManyReadings()
    else if (!isBlank(record.bytes)) yield toReading(record, header)
  }
}

const isBlank = (bytes: Buffer) => bytes.length === 0 || (bytes.length === 1 && bytes[0] === 13)

function toReading({ line, lastLine, bytes }: CsvRecord, header: readonly string[]): CsvReading {
  const fields = bytes.length > maxReadingBytes || !isUtf8(bytes) ? null : parseCsvRecord(bytes.toString('utf8'))
  if (fields?.length !== header.length) {
    // A quote too many makes the next lines part of the record, so the reason names the last of them.
    const upTo = lastLine > line ? `, up to line ${lastLine}` : ''
    return { line, reason: `${reasonOf(bytes, fields, header)}${upTo}` }
  }
  const pairs = header.map((name, at): [string, string] => [name, withoutGuard(fields[at] ?? '')])
  // An empty field of an optional column has no value.
  return { line, value: Object.fromEntries(pairs.filter(([name, text]) => text !== '' || !optional.includes(name))) }
}

function reasonOf(bytes: Buffer, fields: string[] | null, header: readonly string[]): string {
  if (bytes.length > maxReadingBytes) return 'the reading is larger than 16 kB'
  if (!isUtf8(bytes)) return 'the line is not UTF-8'
  if (fields === null) return 'a quote of the line is not closed, or stands within a field'
  return `the line has ${fields.length} fields, not ${header.length}`
}

/** A quoted field may hold line ends, so a record may have several lines. */
type CsvRecord = { line: number; lastLine: number; bytes: Buffer }

/** Yields the records of a body. Null stands for a pause. */
function* recordsOf(bytes: Buffer): Generator<CsvRecord | null> {
  let line = 1
  let lastLine = 1
  let start = startOfText(bytes)
  let isQuoted = false
  let pauseAt = pauseBytes
  for (let at = 0; at < bytes.length; at++) {
    if (at >= pauseAt) {
      pauseAt = at + pauseBytes
      yield null
    }
    if (bytes[at] === byteOf.quote) {
      // Only a quote at the start of a field begins a quoted field. Another one makes only its own line invalid.
      if (!isQuoted) isQuoted = at === start || bytes[at - 1] === byteOf.comma
      else if (bytes[at + 1] === byteOf.quote) at++
      else isQuoted = false
    } else if (bytes[at] === byteOf.newline) {
      if (!isQuoted) {
        yield { line, lastLine, bytes: bytes.subarray(start, at) }
        start = at + 1
        line = lastLine + 1
      }
      lastLine++
    }
  }
  // It is not known which of the lines after the quote are readings.
  if (isQuoted) {
    const hint = 'Close the quote, and double each quote within a quoted field'
    throw new AgentError('bad_request', `A quote that begins in line ${line} of the CSV is not closed`, { hint })
  }
  if (start < bytes.length) yield { line, lastLine, bytes: bytes.subarray(start) }
}

function headerOf(text: string): string[] | null {
  return parseCsvRecord(text.replace(/^\ufeff/, ''))?.map((name) => name.trim()) ?? null
}

function requireHeader(text: string): string[] {
  const header = headerOf(text) ?? []
  const unknown = header.find((name) => !columns.includes(name))
  const missing = required.find((name) => !header.includes(name))
  const doubled = header.find((name, at) => header.indexOf(name) !== at)
  if (unknown === undefined && missing === undefined && doubled === undefined) return header
  const message =
    missing !== undefined
      ? `The CSV has no column ${missing}`
      : doubled !== undefined
        ? `The CSV has the column ${doubled} more than once`
        : `The CSV has the unknown column ${(unknown ?? '').slice(0, 100)}`
  throw new AgentError('bad_request', message, { hint: `Name the columns in the first line: ${columns.join(',')}` })
}
