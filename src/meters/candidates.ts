import type { Queryable } from '../db/connect.ts'
import type { MeterFilter } from './filter.ts'

/** No index has these conditions, because a meter becomes late or silent by time alone. */
const conditions = { silent: 'silent_at < now()', late: 'late_at < now() and silent_at >= now()' }

/** The maximum number of candidates. A list that names more of them is not faster. */
const maxCandidates = 1_000

/**
 * Returns the ids of the meters in the collection state of a filter, if they are few, so that one scan serves the page and its
 * total; otherwise null.
 */
export async function findCandidates(
  db: Queryable,
  { clientSystemId, collection }: Pick<MeterFilter, 'clientSystemId' | 'collection'>,
): Promise<string[] | null> {
  if (collection !== 'silent' && collection !== 'late') return null
  const { rows } = await db.query<{ id: string }>(
    `select meter_id as id
     from sync.meter_collection
     where client_system_id = $1 and active and ${conditions[collection]}
     limit $2`,
    [clientSystemId, maxCandidates + 1],
  )
  return rows.length > maxCandidates ? null : rows.map(({ id }) => id)
}
