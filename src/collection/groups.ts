import type { Queryable } from '../db/connect.ts'
import { sqlBeside } from '../db/sql-file.ts'
import type { CollectionGroup } from '../wire/types.ts'

const selectGroups = sqlBeside(import.meta.url, 'select-groups.sql')

/**
 * Counts the active meters by location and kind. Returns at most `limit` groups, those with the most silent meters first.
 * Takes almost a second with a million meters.
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
