import type { Queryable } from '../db/connect.ts'
import { parseObject } from '../db/json.ts'
import { type Page, takePage, toPage } from '../db/pages.ts'
import { sqlBeside } from '../db/sql-file.ts'
import { toReading } from '../meters/meter.ts'
import { readingFlags } from '../wire/lists.ts'
import type { FlaggedReading } from '../wire/types.ts'

const selectReadings = sqlBeside(import.meta.url, 'select-readings.sql')

export type ReadingCursor = { at: string; quantity: string }

export type MeterReadingsFilter = {
  meterId: number
  from: string | null
  to: string | null
  before: ReadingCursor | null
  /** The names of the quantities that only grow, in lower case. */
  registers: readonly string[]
}

/** Returns a page of a meter's readings with their flags, newest first. `from` is inclusive, `to` exclusive. */
export async function listReadings(
  db: Queryable,
  { meterId, from, to, before, registers }: MeterReadingsFilter,
  limit: number,
): Promise<Page<FlaggedReading, ReadingCursor>> {
  const { rows } = await db.query<{ reading: string; at: string; quantity: string }>(selectReadings, [
    ...[meterId, from, to, before?.at ?? null, before?.quantity ?? null, limit + 1],
    registers,
  ])
  return toPage(
    takePage(rows, limit),
    ({ reading }) => toFlagged(reading),
    ({ at, quantity }) => ({ at, quantity }),
  )
}

function toFlagged(text: string): FlaggedReading {
  const { flags } = parseObject(text)
  const known = Array.isArray(flags) ? readingFlags.filter((flag) => flags.includes(flag)) : []
  return { ...toReading(text), flags: known }
}
