import { rejectionCodes } from '../wire/lists.ts'
import type { RejectedBecause, Rejection } from '../wire/types.ts'

/**
 * Reads a reason that a column of text holds as JSON. Earlier versions stored words instead, which become the code `earlier`.
 */
export function toReason<Reason>(stored: string | null): Reason | { code: 'earlier'; text: string } | null {
  if (stored === null) return null
  return stored.startsWith('{') ? JSON.parse(stored) : { code: 'earlier', text: stored }
}

/** Reads the reason of a rejected row as write-changes.sql writes it: its code, or `row_too_large:` and the bytes. */
export function toRejection(stored: string): Rejection {
  const [name, bytes] = stored.split(':')
  const code = rejectionCodes.find((known) => known === name)
  if (code === undefined || code === 'earlier') return { code: 'earlier', text: stored }
  return bytes === undefined ? { code } : { code, bytes: Number(bytes) }
}

/** The most frequent reason as a run stores it: by its code, or by the words of a version that had no codes. */
export type StoredRejectedBecause = Omit<RejectedBecause, 'reason'> & { reason: string | Rejection }

/** Reads the most frequent reason of a run. */
export function toRejectedBecause({ reason, ...rest }: StoredRejectedBecause): RejectedBecause {
  return { ...rest, reason: typeof reason === 'string' ? toRejection(reason) : reason }
}
