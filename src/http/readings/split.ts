import { isUtf8 } from 'node:buffer'
import { AgentError } from '../../lib/errors.ts'
import { byteOf, maxReadingBytes, maxReadings, pauseBytes, startOfText, toBuffer, tooManyReadings } from './body.ts'

/** The text of one reading with its number from 1, or the reason why it is rejected. */
export type Piece = { line: number; text: string } | { line: number; reason: string }

/** The readings of a body: the elements of one JSON array, or one object a line (NDJSON). */
export type SplitBody = { isArray: boolean; pieces: Generator<Piece | undefined> }

/**
 * Splits a body into the texts of its readings by brackets, quotes and line ends, so that the size of a reading is checked
 * before it is parsed. `pieces` yields undefined after 64 kB without a reading, so that the caller can let other requests run.
 * It throws `bad_request` for an invalid array, and `too_large` for more than 200,000 readings.
 */
export function splitReadings(body: Uint8Array): SplitBody {
  const bytes = toBuffer(body)
  const begin = startOfText(bytes)
  let first = begin
  while (isBlank(bytes[first])) first++
  const isArray = bytes[first] === byteOf.openBracket
  return { isArray, pieces: isArray ? elementsOf(bytes, first + 1) : linesOf(bytes, begin) }
}

function* elementsOf(bytes: Buffer, begin: number): SplitBody['pieces'] {
  if (!isUtf8(bytes)) throw notAnArray('it is not UTF-8')
  let start = begin
  let line = 1
  let depth = 0
  let inString = false
  let pauseAt = begin + pauseBytes
  for (let at = begin; at < bytes.length; at++) {
    if (at >= pauseAt) {
      pauseAt = at + pauseBytes
      yield undefined
    }
    const byte = bytes[at]
    if (inString) {
      if (byte === byteOf.backslash) at++
      else if (byte === byteOf.quote) inString = false
    } else if (byte === byteOf.quote) inString = true
    else if (byte === byteOf.openBracket || byte === byteOf.openBrace) depth++
    else if (depth > 0) {
      if (byte === byteOf.closeBracket || byte === byteOf.closeBrace) depth--
    } else if (byte === byteOf.comma || byte === byteOf.closeBracket) {
      const isEnd = byte === byteOf.closeBracket
      const isEmptyArray = isEnd && line === 1 && areBlank(bytes, start, at)
      if (!isEmptyArray) yield pieceOf(bytes, { start, end: at, line })
      if (isEnd && areBlank(bytes, at + 1, bytes.length)) return
      if (isEnd) throw notAnArray('something follows its end')
      start = at + 1
      line++
    }
  }
  throw notAnArray('its end is missing')
}

function* linesOf(bytes: Buffer, begin: number): SplitBody['pieces'] {
  let line = 1
  for (let start = begin; start < bytes.length; line++) {
    const found = bytes.indexOf(byteOf.newline, start)
    const end = found === -1 ? bytes.length : found
    const piece = pieceOf(bytes, { start, end, line })
    yield 'text' in piece && piece.text.trim() === '' ? undefined : piece
    start = end + 1
  }
}

function pieceOf(bytes: Buffer, { start, end, line }: { start: number; end: number; line: number }): Piece {
  if (line > maxReadings) throw tooManyReadings()
  if (end - start > maxReadingBytes) return { line, reason: 'the reading is larger than 16 kB' }
  const part = bytes.subarray(start, end)
  return isUtf8(part) ? { line, text: part.toString('utf8') } : { line, reason: 'the line is not UTF-8' }
}

/** Returns the error for a body that begins with a bracket and is not a JSON array. */
export function notAnArray(reason: string, cause?: unknown): AgentError {
  const hint = 'Send a JSON array, or one object a line'
  return new AgentError('bad_request', `The body is not a JSON array: ${reason}`, { hint, cause })
}

/** Returns true for the white space of JSON: space, tab, line feed and carriage return. */
function isBlank(byte: number | undefined): boolean {
  return byte === 32 || byte === 9 || byte === 10 || byte === 13
}

function areBlank(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (!isBlank(bytes[at])) return false
  return true
}
