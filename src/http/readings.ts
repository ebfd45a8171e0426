import { setImmediate } from 'node:timers/promises'
import type { Context } from 'hono'
import { z } from 'zod'
import { isStorableTime } from '../lib/time.ts'
import type { StoredReadings } from '../wire/types.ts'
import { isCsv, parseCsvReadings } from './csv-readings.ts'
import { bodyBytes, createLimit } from './requests.ts'
import { notAnArray, type Piece, splitReadings } from './split-readings.ts'

/** A well-formed reading as it was sent, with its line; `value` is the number's own text. */
type SentReading = z.infer<typeof readingSchema> & { line: number }

/** PostgreSQL keeps no NUL in a text; half of a surrogate pair would become another text on its way. */
const text = (what: string) =>
  z
    .string({ error: `${what} must be a text` })
    .refine((text) => !text.includes('\0'), { error: `${what} holds a NUL` })
    .refine((text) => text.isWellFormed(), { error: `${what} holds half of a surrogate pair` })

const name = (what: string, most: number) =>
  text(what)
    .max(most, { error: `${what} is longer than ${most.toLocaleString('en')} characters` })
    .refine((text) => text.trim() !== '', { error: `${what} must not be blank` })

/** A few of the names: a body may hold thousands. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).map((name) => (name.length > 100 ? `${name.slice(0, 100)}…` : name))
  return names.length > 3 ? `${shown.join(', ')} and ${names.length - 3} more` : shown.join(', ')
}

export const readingSchema = z
  .strictObject(
    {
      externalId: name('externalId', 1_000),
      clientSystemId: text('clientSystemId').optional(),
      // A row of the index that makes it unique holds at most 2,704 bytes.
      quantity: name('quantity', 500),
      value: z
        .string({ error: 'value must be a number' })
        .regex(/^-?\d{1,60}(\.\d{1,60})?([eE][-+]?\d{1,2})?$/, {
          error: 'value has more than 60 digits on a side of its point, or an exponent beyond 99',
        })
        .meta({ type: 'number', pattern: undefined, description: 'All its digits are kept' }),
      unit: text('unit').max(100, { error: 'unit is longer than 100 characters' }).nullish(),
      readAt: z.iso
        .datetime({
          offset: true,
          abort: true,
          error: 'readAt must be a time with its offset, like 2026-01-31T12:00:00Z',
        })
        .refine((time) => time.length <= 40 && isStorableTime(time), {
          error: 'readAt must lie in the years 1 to 9999, with an offset under 16 hours and at most 9 decimals',
        })
        .meta({ pattern: undefined }),
    },
    {
      error: (issue) =>
        issue.code === 'unrecognized_keys'
          ? `a reading has no ${listed(issue.keys ?? [])}`
          : 'a reading must be an object',
    },
  )
  .meta({ id: 'SentReading' })

/** Readings of a larger body take many times its memory: only a few such bodies are processed at once. */
const largeBodyBytes = 1_024 * 1_024
const maxLargeBodies = 2

type Parsed = { readings: SentReading[]; rejected: { line: number; reason: string }[] }

type ParseReadings = (body: Uint8Array, contentType?: string) => Promise<Parsed>

/** Reads the body of a request, runs `store` with its readings, and lets the next large body in afterwards. */
export type ReadReadings = <T>(c: Context, store: (parsed: Parsed) => Promise<T>) => Promise<T>

export function createReadReadings(): ReadReadings {
  const parse = createParseReadings()
  const largeBodies = createLimit(maxLargeBodies)
  return async (c, store) => {
    const bytes = await bodyBytes(c)
    using _place = bytes.length > largeBodyBytes ? await largeBodies.enter() : null
    return await store(await parse(bytes, c.req.header('content-type')))
  }
}

/** How long readings are parsed before others get their turn. */
const sliceMs = 10

/**
 * Returns a parser of JSON arrays, of one object a line (NDJSON), and of CSV. Each reading is taken or rejected by itself,
 * with its number from 1; only a body that is none of them, or of more than 200,000 readings, is refused as a whole.
 * However many bodies are parsed at once, other requests and a run's heartbeat wait for at most one slice.
 */
function createParseReadings(): ParseReadings {
  let lastTurn: Promise<void> = Promise.resolve()
  const takeTurn = (): Promise<void> => {
    lastTurn = lastTurn.then(() => setImmediate())
    return lastTurn
  }
  return async (body, contentType = '') => {
    const readings: SentReading[] = []
    const rejected: Parsed['rejected'] = []
    await takeTurn()
    let until = performance.now() + sliceMs
    for (const judged of judgeReadings(body, contentType)) {
      const { line, reading, reason = '' } = judged ?? {}
      if (line !== undefined && reading) readings.push({ ...reading, line })
      else if (line !== undefined) rejected.push({ line, reason })
      if (performance.now() > until) {
        await takeTurn()
        until = performance.now() + sliceMs
      }
    }
    return { readings, rejected }
  }
}

/** An answer names all rejected readings: one with more of them is written a piece at a time. */
const rejectedInPiece = 1_000

/** Answers what became of readings. */
export function answerReadings(
  c: Context,
  counts: Omit<StoredReadings, 'rejected'>,
  rejected: StoredReadings['rejected'],
): Response {
  if (rejected.length <= rejectedInPiece) return c.json({ ...counts, rejected })
  async function* pieces(): AsyncGenerator<Uint8Array> {
    const encoder = new TextEncoder()
    yield encoder.encode(`${JSON.stringify(counts).slice(0, -1)},"rejected":[`)
    for (let at = 0; at < rejected.length; at += rejectedInPiece) {
      const items = JSON.stringify(rejected.slice(at, at + rejectedInPiece)).slice(1, -1)
      yield encoder.encode(at === 0 ? items : `,${items}`)
      // A client that reads fast would take all of it within one turn.
      await setImmediate()
    }
    yield encoder.encode(']}')
  }
  return c.body(ReadableStream.from(pieces()), 200, { 'Content-Type': 'application/json' })
}

type Judged = { line: number; reading?: z.infer<typeof readingSchema>; reason?: string }

function* judgeReadings(body: Uint8Array, contentType: string): Generator<Judged | undefined> {
  if (contentType.startsWith('text/csv') || isCsv(body)) {
    for (const found of parseCsvReadings(body)) {
      yield found && ('fault' in found ? { line: found.line, reason: found.fault } : check(found.line, found.value))
    }
    return
  }
  const { isArray, pieces } = splitReadings(body)
  for (const piece of pieces) yield piece && judge(piece, isArray)
}

function check(line: number, value: unknown): Judged {
  const { data, error } = readingSchema.safeParse(value)
  return data ? { line, reading: data } : { line, reason: error?.issues.map(({ message }) => message).join('; ') ?? '' }
}

function judge(piece: Piece, isArray: boolean): Judged {
  const { line } = piece
  if ('fault' in piece) return { line, reason: piece.fault }
  let value: unknown
  try {
    value = parseKeepingNumbers(piece.text)
  } catch (cause) {
    // The reviver recurses: the text is json, but no reading has so many levels.
    if (cause instanceof RangeError) return { line, reason: 'a reading must be an object without nesting' }
    if (isArray) throw notAnArray(`its element ${line} is not JSON`, cause)
    return { line, reason: 'the line is not JSON' }
  }
  return check(line, value)
}

/** A number becomes its own text, so that no digit is lost on the way to numeric; a text stays no number. */
function parseKeepingNumbers(text: string): unknown {
  return JSON.parse(text, (key, value, { source }) => {
    if (key !== 'value') return value
    return typeof value === 'number' ? source : null
  })
}
