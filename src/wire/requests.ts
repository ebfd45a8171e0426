import { z } from 'zod'
import { isStorableTime } from '../lib/storable-time.ts'

/** The parameters that requests over HTTP and calls of assistants have in common. */

/** Returns the schema of an optional parameter. It gives null where the parameter is missing. */
export function orNull<Value>(schema: z.ZodType<Value>) {
  return schema.optional().transform((value): Value | null => value ?? null)
}

/** The id of a Client System; null where the agent has only one. */
export const clientSystemId = orNull(z.string()).describe('Required with several Client Systems')

/** A text without NUL, which PostgreSQL cannot store or compare. */
export const storableText = z
  .string()
  .refine((text) => !text.includes('\0'), { error: 'expected a text without a NUL character' })

/** A text to search or filter by. */
export const searchText = storableText.max(1_000)

/** An optional time. The descriptions show its format instead of its long regular expression. */
export const requestTime = orNull(
  z.iso
    .datetime({ offset: true, error: 'expected a time with its offset, like 2026-01-31T12:00:00Z', abort: true })
    .refine(isStorableTime, { error: 'expected a time in the years 1 to 9999, with an offset under 16 hours' })
    .meta({ pattern: undefined }),
)
