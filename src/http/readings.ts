import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { AgentError } from '../errors.ts'
import { isStorableTime } from '../lib/time.ts'

/** A well-formed reading as it was sent, with its line; `value` is the number's own text. */
export type SentReading = z.infer<typeof readingSchema> & { line: number }

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
          ? `a reading has no ${issue.keys?.join(', ')}`
          : 'a reading must be an object',
    },
  )
  .meta({ id: 'SentReading' })

/** The most readings of a body: more than 10 MB of whole ones hold, and few enough to judge one by one. */
const mostReadings = 200_000

/** How many are judged before others get their turn. */
const slice = 1_000

/**
 * Reads a JSON array, or one object a line (NDJSON). Each reading is taken or rejected by itself, with its number from 1;
 * only a body that is neither, or of more than 200,000, is refused as a whole. Other requests, and a run's heartbeat, go
 * on meanwhile.
 */
export async function parseReadings(
  body: Uint8Array,
): Promise<{ readings: SentReading[]; rejected: { line: number; reason: string }[] }> {
  const readings: SentReading[] = []
  const rejected: { line: number; reason: string }[] = []
  let judged = 0
  for (const { line, value, fault } of split(body)) {
    const parsed = fault === undefined ? readingSchema.safeParse(value) : null
    if (parsed?.success) readings.push({ ...parsed.data, line })
    else rejected.push({ line, reason: fault ?? parsed?.error.issues.map(({ message }) => message).join('; ') ?? '' })
    if (++judged % slice === 0) await setImmediate()
  }
  return { readings, rejected }
}

type Line = { line: number; value?: unknown; fault?: string }

function split(body: Uint8Array): Iterable<Line> {
  const { text, utf8 } = decode(body)
  if (text.trimStart().startsWith('[')) {
    if (!utf8) throw notAnArray('it is not UTF-8')
    // A reading has at most five commas within it and one behind, and few in its texts.
    if (count(text, ',') > mostReadings * 8) throw tooMany()
    try {
      const values = parseKeepingNumbers(text)
      if (Array.isArray(values)) {
        if (values.length > mostReadings) throw tooMany()
        return values.map((value, at) => ({ line: at + 1, value }))
      }
    } catch (cause) {
      if (cause instanceof AgentError) throw cause
      throw notAnArray('it does not end as one', cause)
    }
  }
  if (count(text, '\n') >= mostReadings) throw tooMany()
  return linesOf(text, utf8)
}

function* linesOf(text: string, utf8: boolean): Generator<Line> {
  for (const [at, content] of text.split('\n').entries()) {
    if (content.trim() === '') continue
    const line = at + 1
    if (!utf8 && content.includes('\ufffd')) {
      yield { line, fault: 'the line is not UTF-8' }
      continue
    }
    try {
      yield { line, value: parseKeepingNumbers(content) }
    } catch {
      yield { line, fault: 'the line is not JSON' }
    }
  }
}

/** The text of a body, and whether its bytes are UTF-8; where they are not U+FFFD stands for them. */
function decode(body: Uint8Array): { text: string; utf8: boolean } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(body), utf8: true }
  } catch {
    return { text: new TextDecoder().decode(body), utf8: false }
  }
}

function count(text: string, character: string): number {
  let found = 0
  for (let at = text.indexOf(character); at !== -1; at = text.indexOf(character, at + 1)) found++
  return found
}

function notAnArray(reason: string, cause?: unknown): AgentError {
  const hint = 'Send a JSON array, or one object a line'
  return new AgentError('bad_request', `The body begins like a JSON array, but ${reason}`, { hint, cause })
}

function tooMany(): AgentError {
  const hint = 'Send them in parts'
  return new AgentError('too_large', `The body holds more than ${mostReadings.toLocaleString('en')} readings`, { hint })
}

/** A number becomes its own text, so that no digit is lost on the way to numeric; a text stays no number. */
function parseKeepingNumbers(text: string): unknown {
  return JSON.parse(text, (key, value, { source }) => {
    if (key !== 'value') return value
    return typeof value === 'number' ? source : null
  })
}
