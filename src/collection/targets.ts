import { createHash } from 'node:crypto'
import type { Queryable } from '../db/connect.ts'
import { sqlBeside } from '../db/sql-file.ts'

const selectTargets = sqlBeside(import.meta.url, 'select-targets.sql')

export type TargetsFilter = { clientSystemId: string; kind: string | null; location: string | null }

/** A meter for collectors. `attributes` is the text of a JSON object, whose numbers keep all their digits. */
export type TargetRow = {
  meterId: number
  externalId: string
  name: string
  serialNumber: string | null
  kind: string | null
  unit: string | null
  location: string | null
  ipAddress: string | null
  port: number | null
  readingIntervalMinutes: number
  attributes: string
}

/**
 * Returns a tag that changes when the targets of a filter may have changed: with the content of the meters after the last
 * run, or the expected interval. Reads one row, however many meters there are.
 */
export async function tagTargets(db: Queryable, filter: TargetsFilter): Promise<string> {
  const { rows } = await db.query<{ content: string | null; seconds: number; active: string }>(
    `select content_digest as content, reading_interval_seconds as seconds, meters_active as active
     from sync.client_system where id = $1`,
    [filter.clientSystemId],
  )
  return createHash('sha256')
    .update(JSON.stringify([filter, rows]))
    .digest('base64url')
    .slice(0, 27)
}

/** The meters of one statement. */
const pageSize = 1_000

/** Yields pages of all active meters by external id, so that memory does not grow with their number. */
export async function* listTargets(
  db: Queryable,
  { clientSystemId, kind, location }: TargetsFilter,
): AsyncGenerator<TargetRow[]> {
  for (let after = ''; ; ) {
    const { rows }: { rows: TargetRow[] } = await db.query(selectTargets, [
      clientSystemId,
      kind,
      location,
      after,
      pageSize,
    ])
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows
    if (rows.length < pageSize) return
    after = last.externalId
  }
}
