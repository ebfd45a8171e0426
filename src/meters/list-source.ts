import type { Queryable } from '../db/connect.ts'
import { computeListing, type FoldCase, findFoldCase } from './listing-columns.ts'

/** What lists and searches of meters select from. */
export type ListSource = {
  fold: FoldCase
  /**
   * Whether a word of two letters is searched in the index (`containsPair`). In a short list every entry is scanned instead,
   * which also finds the words that the index cannot.
   */
  pairs: boolean
  /** The ids of all meters in the collection state of the filter, where they are few (candidates.ts); otherwise null. */
  among: string[] | null
  /** The numbers of all meters, as of the last success. */
  totals: { active: number; inactive: number }
  /** The clause for `from`: the meters as `listed`, with the columns of `sync.meter_listing` and of their collection. */
  from: string
}

/** The number of meters up to which a list is scanned for words of two letters. That takes 20 ms. */
const maxScanned = 100_000

/**
 * Returns the copy of a Client System's meters, `sync.meter_listing`. While it is outdated, returns the meters themselves with the
 * same columns, which gives the same results more slowly.
 */
export async function findListSource(db: Queryable, clientSystemId: string): Promise<ListSource> {
  const fold = await findFoldCase(db)
  const { rows } = await db.query<{ current: boolean | null; total: number; active: number; indexed: boolean }>(
    `select changed_run_id = listed_run_id as current, meters_total::float8 as total, meters_active::float8 as active,
       to_regclass('sync.meter_listing_words') is not null as indexed
     from sync.client_system
     where id = $1`,
    [clientSystemId],
  )
  const { current, indexed, total, active } = rows[0] ?? { current: false, indexed: false, total: 0, active: 0 }
  const listed = current ? 'sync.meter_listing listed' : `(select ${computeListing(fold)} from sync.meter m) listed`
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
