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

/** The maximum lengths in characters, because an index has no room for longer values. They are cut. */
const maxSorted = 200
const maxExact = 500

/** Return the SQL of a value as the list stores it: cut for sorting, or folded and cut for the search of an exact id. */
export const asSorted = (text: string) => `left(${text}, ${maxSorted})`
export const asExact = (fold: FoldCase, text: string) => `left(${fold(text)}, ${maxExact})`

/** The columns of `sync.meter_listing`, in the order of `computeListing`. */
export const listingColumns =
  'meter_id, client_system_id, external_id, name, location, kind, active, updated_at, words, id_text, serial_text, whole_hash'

/**
 * Returns the SQL that computes `listingColumns` from `sync.meter m`. `words` is what a search looks in: four texts, one on a
 * line, so that no word matches across two of them.
 */
export function computeListing(fold: FoldCase): string {
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
