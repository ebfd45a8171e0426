import { z } from 'zod'
import { isStorableTime } from '../lib/storable-time.ts'
import { meterOrders } from './lists.ts'
import { storableText } from './requests.ts'
import type { MeterOrder, MeterSort } from './types.ts'

/** Returns the schema of an optional cursor. It parses the `next` of a page into `content`; without a cursor it gives null. */
function cursor<T>(content: z.ZodType<T>) {
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

/** Encodes the end of a page as the opaque `next`; null at the end of a list. */
export function cursorText(next: unknown): string | null {
  return next === null ? null : Buffer.from(JSON.stringify(next)).toString('base64url')
}

/** A time as PostgreSQL writes it, with all its digits. */
const databaseTime = z
  .string()
  .regex(
    /^\d{4,6}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]) ([01]\d|2[0-3])(:[0-5]\d){2}(\.\d{1,6})?[+-](0\d|1[0-5])(:[0-5]\d){0,2}( BC)?$|^-?infinity$/,
  )

// The cursors of the lists: the sort key of the last item of a page.
export const runCursor = cursor(z.object({ queuedAt: z.iso.datetime().refine(isStorableTime), id: z.uuid() }))
const meterPlace = { order: z.enum(meterOrders), exact: z.boolean(), externalId: storableText }
export const meterCursor = cursor(
  z.discriminatedUnion('sort', [
    z.object({ sort: z.enum(['externalId', 'name', 'location']), key: storableText, ...meterPlace }),
    z.object({ sort: z.enum(['lastReading', 'updated']), key: databaseTime, ...meterPlace }),
  ]),
)
/** Returns true when the cursor belongs to a list with this sort and order. */
export const matchesCursorOrder = ({
  after,
  sort,
  order,
}: {
  after: CursorOrder
  sort: MeterSort
  order: MeterOrder
}) => after === null || (after.sort === sort && after.order === order)
export const cursorOrderError = { error: 'expected the next of a page with the same sort and order', path: ['after'] }
type CursorOrder = { sort: MeterSort; order: MeterOrder } | null

export const waitingCursor = cursor(storableText)
export const changeCursor = cursor(storableText)
export const rejectedCursor = cursor(z.int())
export const historyCursor = cursor(z.object({ at: databaseTime, runId: z.uuid() }))
export const readingCursor = cursor(z.object({ at: databaseTime, quantity: storableText }))
export const allReadingsCursor = cursor(z.object({ meterId: z.int().min(0), at: databaseTime, quantity: storableText }))
export const silentCursor = cursor(z.object({ at: databaseTime, meterId: z.int().min(0) }))
