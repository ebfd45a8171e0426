import type { Queryable } from '../db/connect.ts'
import { createKeys, type Keys } from './keys.ts'

/** Where lists of meters are read from. */
export type Listed = {
  keys: Keys
  /** The meters, as `listed`, with what they are found and sorted by; and when each is late and silent. */
  from: string
}

/** Returns from where the meters are listed now. */
export async function findListed(db: Queryable): Promise<Listed> {
  const { rows } = await db.query<{ icu: boolean }>(
    `select exists (select from pg_collation where collname = 'und-x-icu') as icu`,
  )
  const keys = createKeys(rows[0]?.icu ?? false)
  return { keys, from: `(${selectKeys(keys)}) listed ${withCollection}` }
}

const withCollection = `
  left join lateral (
    select late_at, silent_at, coalesce(last_read_at, '-infinity') as last_read_at
    from sync.meter_collection where meter_id = listed.meter_id
  ) collection on true`

/** Texts in which no word of a search goes from one column to the next. */
function selectKeys({ fold, sortKey }: Keys): string {
  const words = ['external_id', 'name', `coalesce(serial_number, '')`, `coalesce(location, '')`].map(fold)
  return `
    select id as meter_id, client_system_id, active, updated_at,
      coalesce(kind, '') as kind,
      coalesce(location, '') as location,
      concat_ws(E'\\n', ${words.join(', ')}) as words,
      ${sortKey('external_id')} as id_key,
      ${sortKey('serial_number')} as serial_key,
      ${sortKey('name')} as name_key,
      ${sortKey(`coalesce(location, '')`)} as location_key
    from sync.meter`
}
