import type { Queryable } from '../db/connect.ts'
import { type Page, takePage, toPage } from '../db/pages.ts'
import { sqlBeside } from '../db/sql-file.ts'
import type { SilentMeter } from '../wire/types.ts'

const selectSilent = sqlBeside(import.meta.url, 'select-silent.sql')

/** The end of a page: the time of the last reading as PostgreSQL writes it, and the meter. */
export type SilentCursor = { at: string; meterId: number }

/** Returns a page of the silent meters, the latest to fall silent first. */
export async function listSilentMeters(
  db: Queryable,
  clientSystemId: string,
  before: SilentCursor | null,
  limit: number,
): Promise<Page<SilentMeter, SilentCursor>> {
  type Row = Omit<SilentMeter, 'lastReadAt'> & { lastReadAt: Date | null; at: string }
  const { rows } = await db.query<Row>(selectSilent, [
    clientSystemId,
    before?.at ?? null,
    before?.meterId ?? null,
    limit + 1,
  ])
  return toPage(
    takePage(rows, limit),
    ({ at: _, lastReadAt, ...row }) => ({ ...row, lastReadAt: lastReadAt?.toISOString() ?? null }),
    ({ at, meterId }) => ({ at, meterId }),
  )
}
