import type pg from 'pg'
import { errorCode, errorMessage, isConnectionLoss } from '../lib/errors.ts'

/** Why the index for searches is missing, and what to do. */
export type MissingSearchIndex = { reason: string; hint: string }

/**
 * Creates the index by which meters are searched, where it is missing, with the extension pg_trgm that it needs. Returns
 * null when it is there, otherwise why it is not: searches then scan all meters. No migration can do this, because a server
 * may lack the extension, and a role the right to create it.
 */
export async function createSearchIndex(client: pg.Client): Promise<MissingSearchIndex | null> {
  const { rows } = await client.query<{ exists: boolean }>(
    `select to_regclass('sync.meter_listing_words') is not null as exists`,
  )
  if (rows[0]?.exists) return null
  try {
    await client.query('create extension if not exists pg_trgm schema sync')
    const { rows } = await client.query<{ opclass: string }>(
      `select format('%I.gin_trgm_ops', n.nspname) as opclass
       from pg_extension e
       join pg_namespace n on n.oid = e.extnamespace
       where e.extname = 'pg_trgm'`,
    )
    await client.query(
      `create index if not exists meter_listing_words on sync.meter_listing using gin (words ${rows[0]?.opclass})`,
    )
    return null
  } catch (error) {
    if (errorCode(error) === null || isConnectionLoss(error)) throw error
    return {
      reason: errorMessage(error),
      hint: 'As a superuser or the owner of the Sync database: create extension pg_trgm; then, as its owner: meter-sync-agent migrate',
    }
  }
}
