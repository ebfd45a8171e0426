import type { Queryable } from '../db/connect.ts'
import { parseObject } from '../db/json.ts'
import { type ResultPage, takePage } from '../db/pages.ts'
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
  cursor: AllReadingsCursor
}

/** Returns a page of readings by meter, then from old to new. `from` is inclusive, `to` exclusive. */
export async function listAllReadings(
  db: Queryable,
  { clientSystemId, kind, location, from, to, meterId }: ReadingsFilter,
  after: AllReadingsCursor | null,
  limit: number,
): Promise<ResultPage<ReadingRow>> {
  type Row = Omit<ReadingRow, 'cursor'> & { at: string }
  const { meterId: afterMeter = null, at = null, quantity = null } = after ?? {}
  const { rows } = await db.query<Row>(selectAllReadings, [
    ...[clientSystemId, kind, location, from, to],
    ...[afterMeter, at, quantity, limit + 1, meterId],
  ])
  const { items, more } = takePage(rows, limit)
  return {
    items: items.map(({ at, ...row }) => ({ ...row, cursor: { meterId: row.meterId, at, quantity: row.quantity } })),
    more,
  }
}

/** Returns the reading in the shape of the wire, with all digits of its value. NaN and infinity become texts. */
export function toMeterReading({ cursor: _, value, ...reading }: ReadingRow): MeterReading {
  const number = /^-?\d/.test(value) ? value : JSON.stringify(value)
  return { ...reading, value: parseObject(`{"value":${number}}`).value }
}

/** The readings of one statement, which takes a few milliseconds whatever the number of all readings. */
const exportPageSize = 5_000

/** Yields pages of all readings. A slow client holds no connection, and memory does not grow with the number of readings. */
export async function* exportReadings(db: Queryable, filter: ReadingsFilter): AsyncGenerator<ReadingRow[]> {
  let after: AllReadingsCursor | null = null
  for (;;) {
    const { items, more }: ResultPage<ReadingRow> = await listAllReadings(db, filter, after, exportPageSize)
    if (items.length > 0) yield items
    after = items.at(-1)?.cursor ?? null
    if (!more) return
  }
}
