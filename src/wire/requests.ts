import { z } from 'zod'
import { isStorableTime } from '../lib/time.ts'

/** What requests over HTTP and calls of assistants have in common. */

export const clientSystemId = z.string().optional().describe('Needed when there are several')

/** A text that PostgreSQL can compare with stored ones, which hold no NUL character. */
export const storableText = z
  .string()
  .refine((text) => !text.includes('\0'), { error: 'expected a text without a NUL character' })

/** The same, as a request may ask for it. */
export const searchedText = storableText.max(1_000)

/** A limit of time. Its regular expression is long and says less than its format. */
export const time = z.iso
  .datetime({ offset: true, error: 'expected a time with its offset, like 2026-01-31T12:00:00Z', abort: true })
  .refine(isStorableTime, { error: 'expected a time in the years 1 to 9999, with an offset under 16 hours' })
  .meta({ pattern: undefined })
  .optional()
