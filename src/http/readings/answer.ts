import { setImmediate } from 'node:timers/promises'
import type { Context } from 'hono'
import type { StoredReadings } from '../../wire/types.ts'

/** An answer lists all rejected readings. With more than this number it is written in pieces. */
const maxRejectedInPiece = 1_000

/** Answers with the outcomes of the readings of a request. */
export function answerReadings(
  c: Context,
  counts: Omit<StoredReadings, 'rejected'>,
  rejected: StoredReadings['rejected'],
): Response {
  if (rejected.length <= maxRejectedInPiece) return c.json({ ...counts, rejected })
  async function* pieces(): AsyncGenerator<Uint8Array> {
    const encoder = new TextEncoder()
    yield encoder.encode(`${JSON.stringify(counts).slice(0, -1)},"rejected":[`)
    for (let at = 0; at < rejected.length; at += maxRejectedInPiece) {
      const items = JSON.stringify(rejected.slice(at, at + maxRejectedInPiece)).slice(1, -1)
      yield encoder.encode(at === 0 ? items : `,${items}`)
      // Lets other requests run, because a fast client takes all pieces within one turn of the event loop.
      await setImmediate()
    }
    yield encoder.encode(']}')
  }
  return c.body(ReadableStream.from(pieces()), 200, { 'Content-Type': 'application/json' })
}
