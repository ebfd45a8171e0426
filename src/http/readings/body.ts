import { AgentError } from '../../lib/errors.ts'

/** The maximum number of readings of a body. A body of 10 MB, the limit of the route, holds fewer complete ones. */
export const maxReadings = 200_000

/** Several times the size of a reading with the longest texts, with each character escaped. */
export const maxReadingBytes = 16 * 1_024

/** The bytes without a reading after which a parser pauses, so that other requests run. */
export const pauseBytes = 64 * 1_024

/** The bytes that separate and enclose readings. */
export const byteOf = {
  newline: 10,
  quote: 34,
  comma: 44,
  openBracket: 91,
  backslash: 92,
  closeBracket: 93,
  openBrace: 123,
  closeBrace: 125,
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

/** Returns where the text of a body begins: after its byte order mark, if it has one. */
export function startOfText(bytes: Buffer): number {
  return bytes.subarray(0, byteOrderMark.length).equals(byteOrderMark) ? byteOrderMark.length : 0
}

/** Returns the body as a buffer of the same memory. */
export function toBuffer(body: Uint8Array): Buffer {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
}

/** Returns the error for a body with more than `maxReadings`. */
export function tooManyReadings(): AgentError {
  const message = `The body holds more than ${maxReadings.toLocaleString('en')} readings`
  return new AgentError('too_large', message, { hint: 'Send them in parts' })
}
