import { z } from 'zod'
import { AgentError } from '../errors.ts'

/** A well-formed reading as it was sent, with its line; `value` is the number's own text. */
export type SentReading = z.infer<typeof readingSchema> & { line: number }

/** PostgreSQL keeps no NUL in a text. */
const text = (what: string) =>
  z.string({ error: `${what} must be a text` }).refine((text) => !text.includes('\0'), { error: `${what} holds a NUL` })

const name = (what: string) =>
  text(what)
    .max(1_000, { error: `${what} is longer than 1,000 characters` })
    .refine((text) => text.trim() !== '', { error: `${what} must not be blank` })

export const readingSchema = z
  .strictObject(
    {
      externalId: name('externalId'),
      clientSystemId: text('clientSystemId').optional(),
      quantity: name('quantity'),
      value: z
        .string({ error: 'value must be a number' })
        .regex(/^-?\d{1,60}(\.\d{1,60})?([eE][-+]?\d{1,2})?$/, {
          error: 'value has more than 60 digits on a side of its point, or an exponent beyond 99',
        })
        .meta({ type: 'number', pattern: undefined, description: 'All its digits are kept' }),
      unit: text('unit').max(100, { error: 'unit is longer than 100 characters' }).nullish(),
      readAt: z.iso
        .datetime({ offset: true, error: 'readAt must be a time with its offset, like 2026-01-31T12:00:00Z' })
        .refine((text) => !text.startsWith('0000'), { error: 'readAt must be a time of this era' })
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

/**
 * Reads a JSON array, or one object a line (NDJSON). Each reading is taken or rejected by itself, with its number from 1;
 * only a body that is neither is refused as a whole.
 */
export function parseReadings(text: string): { readings: SentReading[]; rejected: { line: number; reason: string }[] } {
  const readings: SentReading[] = []
  const rejected: { line: number; reason: string }[] = []
  for (const { line, value, fault } of split(text)) {
    const parsed = fault === undefined ? readingSchema.safeParse(value) : null
    if (parsed?.success) readings.push({ ...parsed.data, line })
    else rejected.push({ line, reason: fault ?? parsed?.error.issues.map(({ message }) => message).join('; ') ?? '' })
  }
  return { readings, rejected }
}

type Line = { line: number; value?: unknown; fault?: string }

function split(text: string): Line[] {
  if (text.trimStart().startsWith('[')) {
    try {
      const values = parseKeepingNumbers(text)
      if (Array.isArray(values)) return values.map((value, at) => ({ line: at + 1, value }))
    } catch (cause) {
      throw new AgentError('bad_request', 'The body is not a JSON array', {
        hint: 'Send a JSON array, or one object a line',
        cause,
      })
    }
  }
  return text
    .split('\n')
    .map((content, at) => ({ content, line: at + 1 }))
    .filter(({ content }) => content.trim() !== '')
    .map(({ content, line }) => {
      try {
        return { line, value: parseKeepingNumbers(content) }
      } catch {
        return { line, fault: 'the line is not JSON' }
      }
    })
}

/** A number becomes its own text, so that no digit is lost on the way to numeric; a text stays no number. */
function parseKeepingNumbers(text: string): unknown {
  return JSON.parse(text, (key, value, { source }) => {
    if (key !== 'value') return value
    return typeof value === 'number' ? source : null
  })
}
