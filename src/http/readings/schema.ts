import { z } from 'zod'
import { isStorableTime } from '../../lib/storable-time.ts'

/** A text that PostgreSQL can store: without NUL, and without half of a surrogate pair, which UTF-8 cannot encode. */
const text = (what: string) =>
  z
    .string({ error: `${what} must be a text` })
    .refine((text) => !text.includes('\0'), { error: `${what} holds a NUL` })
    .refine((text) => text.isWellFormed(), { error: `${what} holds half of a surrogate pair` })

const name = (what: string, maxLength: number) =>
  text(what)
    .max(maxLength, { error: `${what} is longer than ${maxLength.toLocaleString('en')} characters` })
    .refine((text) => text.trim() !== '', { error: `${what} must not be blank` })

/** Returns the first three names and the number of the others, because a body may hold thousands. */
function listFirst(names: readonly string[]): string {
  const shown = names.slice(0, 3).map((name) => (name.length > 100 ? `${name.slice(0, 100)}…` : name))
  return names.length > 3 ? `${shown.join(', ')} and ${names.length - 3} more` : shown.join(', ')
}

/** A reading as a collector sends it. The messages of its errors are the reasons of the answer. */
export const readingSchema = z
  .strictObject(
    {
      externalId: name('externalId', 1_000),
      clientSystemId: text('clientSystemId').optional(),
      // An entry of the index on meter, quantity and time holds at most 2,704 bytes.
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
          ? `a reading has no ${listFirst(issue.keys ?? [])}`
          : 'a reading must be an object',
    },
  )
  .meta({ id: 'SentReading' })
