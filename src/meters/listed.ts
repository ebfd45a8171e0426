import type { Queryable } from '../db/connect.ts'

/** Returns an SQL expression that folds the case of a text; the result has the collation C. */
export type FoldCase = (text: string) => string

/**
 * Returns the function that folds case on this server: with ICU in every script, otherwise with the collation of the database.
 * ASCII texts are folded separately, which takes a third of the time.
 */
export async function findFoldCase(db: Queryable): Promise<FoldCase> {
  const { rows } = await db.query<{ icu: boolean }>(
    `select exists (select from pg_collation where collname = 'und-x-icu') as icu`,
  )
  const collation = rows[0]?.icu ? ' collate "und-x-icu"' : ''
  return (text) => `case
    when octet_length(${text}) = char_length(${text}) then lower(${text} collate "C")
    else replace(lower(${text}${collation}) collate "C", 'ς', 'σ')
  end`
}

/** The maximum lengths, in characters, of values in an index of the list. Longer values are cut. */
const maxSorted = 200
const maxExact = 500

/** SQL expressions for values that are compared with columns of the list. */
export const asSorted = (text: string) => `left(${text}, ${maxSorted})`
export const asExact = (fold: FoldCase, text: string) => `left(${fold(text)}, ${maxExact})`

export const listedColumns =
  'meter_id, client_system_id, external_id, name, location, kind, active, updated_at, words, id_text, serial_text, whole_hash'

/** Returns the columns of `sync.meter_listing`, computed from `sync.meter m`. A word cannot match across the line breaks. */
export function computeListed(fold: FoldCase): string {
  const lines = ['m.external_id', 'm.name', `coalesce(m.serial_number, '')`, `coalesce(m.location, '')`]
  return `
    m.id as meter_id,
    m.client_system_id,
    m.external_id collate sync.natural_order as external_id,
    ${asSorted('m.name')} collate sync.natural_order as name,
    ${asSorted(`coalesce(m.location, '')`)} collate sync.natural_order as location,
    ${asSorted(`coalesce(m.kind, '')`)} collate "C" as kind,
    m.active,
    m.updated_at,
    concat_ws(E'\\n', ${lines.map(fold).join(', ')}) collate "C" as words,
    ${asExact(fold, 'm.external_id')} as id_text,
    ${asExact(fold, `coalesce(m.serial_number, '')`)} as serial_text,
    m.whole_hash`
}

/** The source of lists of meters. */
export type Listed = {
  fold: FoldCase
  /** Whether the index is searched for words of two letters (`containsPair`). A short list is scanned, which finds them all. */
  pairs: boolean
  /** The only meters that can be in the collection state of the filter, where they are few; otherwise null. */
  among: string[] | null
  /** The numbers of all meters, as of the last success. */
  totals: { active: number; inactive: number }
  /** The clause for `from`: the meters as `listed`, with the columns of `sync.meter_listing` and of their collection. */
  from: string
}

/** The number of meters up to which a list is scanned for words of two letters. That takes 20 ms. */
const maxScanned = 100_000

/** Returns the list of a Client System as the source, or while it is outdated the meters themselves. */
export async function findListed(db: Queryable, clientSystemId: string): Promise<Listed> {
  const fold = await findFoldCase(db)
  const { rows } = await db.query<{ current: boolean | null; total: number; active: number; indexed: boolean }>(
    `select changed_run_id = listed_run_id as current, meters_total::float8 as total, meters_active::float8 as active,
       to_regclass('sync.meter_listing_words') is not null as indexed
     from sync.client_system
     where id = $1`,
    [clientSystemId],
  )
  const { current, indexed, total, active } = rows[0] ?? { current: false, indexed: false, total: 0, active: 0 }
  const listed = current ? 'sync.meter_listing listed' : `(select ${computeListed(fold)} from sync.meter m) listed`
  return {
    fold,
    pairs: current === true && indexed && total > maxScanned,
    among: null,
    totals: { active, inactive: total - active },
    from: `${listed} ${withCollection}`,
  }
}

const withCollection = `
  left join lateral (
    select late_at, silent_at, last_read_at from sync.meter_collection where meter_id = listed.meter_id
  ) collection on true`
