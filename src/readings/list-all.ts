import type { Queryable } from '../db/connect.ts'
import { parseObject } from '../db/json.ts'
import { type Page, takePage, toPage } from '../db/pages.ts'
import { sqlBeside } from '../db/sql-file.ts'
import type { MeterReading } from '../wire/types.ts'

const selectAllReadings = sqlBeside(import.meta.url, 'select-all-readings.sql')

export type ReadingsFilter = {
  clientSystemId: string
  meterId: number | null
  kind: string | null
  location: string | null
  from: string | null
  to: string | null
}

export type AllReadingsCursor = { meterId: number; at: string; quantity: string }

/** A reading with its meter. `value` is the text of the number, and `readAt` has microseconds, so that no digit is lost. */
export type ReadingRow = {
  meterId: number
  externalId: string
  quantity: string
  value: string
  unit: string | null
  readAt: string
}

/** Returns a page of readings by meter, then from old to new. `from` is inclusive, `to` exclusive. */
export async function listAllReadings(
  db: Queryable,
  { clientSystemId, kind, location, from, to, meterId }: ReadingsFilter,
  after: AllReadingsCursor | null,
  limit: number,
): Promise<Page<ReadingRow, AllReadingsCursor>> {
  const { meterId: afterMeter = null, at = null, quantity = null } = after ?? {}
  const { rows } = await db.query<ReadingRow & { at: string }>(selectAllReadings, [
    ...[clientSystemId, kind, location, from, to],
    ...[afterMeter, at, quantity, limit + 1, meterId],
  ])
  return toPage(
    takePage(rows, limit),
    ({ at: _, ...row }) => row,
    ({ meterId, at, quantity }) => ({ meterId, at, quantity }),
  )
}

/** Returns the reading in the shape of the wire, with all digits of its value. NaN and infinity become texts. */
export function toMeterReading({ value, ...reading }: ReadingRow): MeterReading {
  const number = /^-?\d/.test(value) ? value : JSON.stringify(value)
  return { ...reading, value: parseObject(`{"value":${number}}`).value }
}

/** The readings of one statement, which takes a few milliseconds whatever the number of all readings. */
const exportPageSize = 5_000

/** Yields pages of all readings. A slow client holds no connection, and memory does not grow with the number of readings. */
export async function* exportReadings(db: Queryable, filter: ReadingsFilter): AsyncGenerator<ReadingRow[]> {
  for (let after: AllReadingsCursor | null = null; ; ) {
    const { items, next }: Page<ReadingRow, AllReadingsCursor> = await listAllReadings(
      db,
      filter,
      after,
      exportPageSize,
    )
    if (items.length > 0) yield items
    if (next === null) return
    after = next
  }
}
