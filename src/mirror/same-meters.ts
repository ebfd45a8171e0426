import type { Session } from '../db/session.ts'
import { sqlBeside } from '../db/sql-file.ts'

const selectSameMeters = sqlBeside(import.meta.url, 'sql/select-same-meters.sql')

/**
 * Returns the id of an older Client System of this Sync database that has the same meters, or null. After
 * `CLIENT_SYSTEM_ID` was changed every meter is stored twice, and the readings so far belong to the meters of the former id.
 */
export async function findSameMeters({ client }: Session, clientSystemId: string): Promise<string | null> {
  const { rows } = await client.query<{ id: string }>(selectSameMeters, [clientSystemId])
  return rows[0]?.id ?? null
}
