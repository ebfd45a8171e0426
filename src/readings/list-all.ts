import { type Queryable, sqlBeside } from '../db/connect.ts'
import { parseObject } from '../db/json.ts'
import { type ResultPage, takePage } from '../db/pages.ts'
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

/** A reading with its meter. `value` is the text of the number; `readAt` has microseconds, so that nothing is lost. */
export type ReadingRow = {
  meterId: number
  externalId: string
  quantity: string
  value: string
  unit: string | null
  readAt: string
  cursor: AllReadingsCursor
}

/** A page of readings by meter, then from old to new; `from` inclusive, `to` exclusive. */
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

/** The reading as it is on the wire, its value with all its digits; what SQL stored as NaN or infinity is a text. */
export function toMeterReading({ cursor: _, value, ...reading }: ReadingRow): MeterReading {
  const number = /^-?\d/.test(value) ? value : JSON.stringify(value)
  return { ...reading, value: parseObject(`{"value":${number}}`).value }
}

/** Readings of one statement: each takes a few milliseconds, whatever the number of all. */
const exportedAtOnce = 5_000

/** Every reading, a page at a time: a client that reads slowly holds no connection, and memory stays flat. */
export async function* exportReadings(db: Queryable, filter: ReadingsFilter): AsyncGenerator<ReadingRow[]> {
  let after: AllReadingsCursor | null = null
  for (;;) {
    const { items, more }: ResultPage<ReadingRow> = await listAllReadings(db, filter, after, exportedAtOnce)
    if (items.length > 0) yield items
    after = items.at(-1)?.cursor ?? null
    if (!more) return
  }
}
