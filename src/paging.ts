import { z } from 'zod'

/** The `next` of the page before, or nothing, as lists take it over HTTP and from assistants. */
export function cursor<T>(content: z.ZodType<T>) {
  return z
    .string()
    .optional()
    .describe('The next of the page before')
    .transform((text, context): T | null => {
      if (text === undefined) return null
      try {
        const parsed = content.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')))
        if (parsed.success) return parsed.data
      } catch {}
      context.addIssue({ code: 'custom', message: 'expected the next of the page before' })
      return z.NEVER
    })
}

/** Opaque: what a page ended with; null at the end of a list. */
export function cursorText(next: unknown): string | null {
  return next === null ? null : Buffer.from(JSON.stringify(next)).toString('base64url')
}
