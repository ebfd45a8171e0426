import { setImmediate } from 'node:timers/promises'
import type { Context } from 'hono'
import type { z } from 'zod'
import { readBodyBytes } from '../read-request.ts'
import { isCsv, parseCsvReadings } from './csv.ts'
import { readingSchema } from './schema.ts'
import { createSemaphore } from './semaphore.ts'
import { notAnArray, type Piece, splitReadings } from './split.ts'

type Reading = z.infer<typeof readingSchema>

/**
 * The readings of a body, each with its line. `value` is the text of the number. `rejected` are those that are not well
 * formed.
 */
type Received = { readings: (Reading & { line: number })[]; rejected: { line: number; reason: string }[] }

/**
 * Parses the body of a request and runs `store` with its readings. Throws `bad_request` for a body that is no list of
 * readings, and `too_large` for more than 200,000 of them.
 */
export type ReceiveReadings = <T>(c: Context, store: (received: Received) => Promise<T>) => Promise<T>

/** The readings of a large body take many times its size in memory, so only a few large bodies are processed at once. */
const largeBodyBytes = 1_024 * 1_024
const maxLargeBodies = 2

export function createReadingsReceiver(): ReceiveReadings {
  const parse = createParser()
  const largeBodies = createSemaphore(maxLargeBodies)
  return async (c, store) => {
    const bytes = await readBodyBytes(c)
    using _place = bytes.length > largeBodyBytes ? await largeBodies.acquire() : null
    return await store(await parse(bytes, c.req.header('content-type')))
  }
}

/** How long readings are parsed before other requests get their turn. */
const sliceMs = 10

/**
 * Returns a parser of JSON arrays, of one object a line (NDJSON), and of CSV. Each reading is accepted or rejected by itself,
 * with its number from 1. However many bodies are parsed at once, other requests and a run's heartbeat wait for at most one
 * slice.
 */
function createParser(): (body: Uint8Array, contentType?: string) => Promise<Received> {
  let lastTurn: Promise<void> = Promise.resolve()
  const takeTurn = (): Promise<void> => {
    lastTurn = lastTurn.then(() => setImmediate())
    return lastTurn
  }
  return async (body, contentType = '') => {
    const received: Received = { readings: [], rejected: [] }
    await takeTurn()
    let sliceEnd = performance.now() + sliceMs
    for (const checked of checkReadings(body, contentType)) {
      if (checked && 'reading' in checked) received.readings.push({ ...checked.reading, line: checked.line })
      else if (checked) received.rejected.push(checked)
      if (performance.now() > sliceEnd) {
        await takeTurn()
        sliceEnd = performance.now() + sliceMs
      }
    }
    return received
  }
}

type CheckedReading = { line: number; reading: Reading } | { line: number; reason: string }

/** Yields the readings of a body, and undefined where the caller may let other requests run. */
function* checkReadings(body: Uint8Array, contentType: string): Generator<CheckedReading | undefined> {
  if (contentType.startsWith('text/csv') || isCsv(body)) {
    for (const row of parseCsvReadings(body)) yield row && ('reason' in row ? row : checkReading(row.line, row.value))
    return
  }
  const { isArray, pieces } = splitReadings(body)
  for (const piece of pieces) yield piece && ('reason' in piece ? piece : checkPiece(piece, isArray))
}

function checkReading(line: number, value: unknown): CheckedReading {
  const { data: reading, error } = readingSchema.safeParse(value)
  if (reading) return { line, reading }
  return { line, reason: error?.issues.map(({ message }) => message).join('; ') ?? '' }
}

function checkPiece({ line, text }: Extract<Piece, { text: string }>, isArray: boolean): CheckedReading {
  try {
    return checkReading(line, parseKeepingDigits(text))
  } catch (cause) {
    // JSON.parse calls the reviver recursively. The text is JSON, but no reading has so many levels.
    if (cause instanceof RangeError) return { line, reason: 'a reading must be an object without nesting' }
    if (isArray) throw notAnArray(`its element ${line} is not JSON`, cause)
    return { line, reason: 'the line is not JSON' }
  }
}

/**
 * Parses JSON with `value` as the text of its number, so that no digit is lost. A `value` that is not a number becomes null.
 */
function parseKeepingDigits(text: string): unknown {
  return JSON.parse(text, (key, value, { source }) => {
    if (key !== 'value') return value
    return typeof value === 'number' ? source : null
  })
}
