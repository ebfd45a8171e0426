import { type Queryable, sqlBeside } from '../db/connect.ts'
import { type ResultPage, takePage } from '../db/pages.ts'
import type { CollectionGroup, SilentMeter } from '../wire/types.ts'

const selectGroups = sqlBeside(import.meta.url, 'select-groups.sql')
const selectSilent = sqlBeside(import.meta.url, 'select-silent.sql')

/**
 * The active meters by location and kind, those with the most silent ones first, `limit` groups at most. Takes most of a
 * second with a million meters.
 */
export async function groupCollection(
  db: Queryable,
  clientSystemId: string,
  limit: number,
): Promise<CollectionGroup[]> {
  type Row = Omit<CollectionGroup, 'silentSince'> & { silentSince: Date | null }
  const { rows } = await db.query<Row>(selectGroups, [clientSystemId, limit])
  return rows.map((row) => ({ ...row, silentSince: row.silentSince?.toISOString() ?? null }))
}

export type SilentCursor = { at: string; meterId: number }

/** A page of the silent meters, those that fell silent last first. */
export async function listSilentMeters(
  db: Queryable,
  clientSystemId: string,
  before: SilentCursor | null,
  limit: number,
): Promise<ResultPage<{ meter: SilentMeter; cursor: SilentCursor }>> {
  type Row = Omit<SilentMeter, 'lastReadAt'> & { lastReadAt: Date | null; at: string }
  const { rows } = await db.query<Row>(selectSilent, [
    clientSystemId,
    before?.at ?? null,
    before?.meterId ?? null,
    limit + 1,
  ])
  const { items, more } = takePage(rows, limit)
  return {
    items: items.map(({ at, lastReadAt, ...row }) => ({
      meter: { ...row, lastReadAt: lastReadAt?.toISOString() ?? null },
      cursor: { at, meterId: row.meterId },
    })),
    more,
  }
}
