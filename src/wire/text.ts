import { z } from 'zod'

/** A text that PostgreSQL can compare with stored ones, which hold no NUL character. */
export const storableText = z
  .string()
  .refine((text) => !text.includes('\0'), { error: 'expected a text without a NUL character' })

/** The same, as a request may ask for it. */
export const searchedText = storableText.max(1_000)
