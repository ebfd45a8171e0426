import type { Queryable } from '../db/connect.ts'
import { computeListing, type FoldCase, findFoldCase, listingColumns } from './listing-columns.ts'

/** The maximum number of meters that one statement corrects. */
const pageSize = 5_000

/** The statistics of the table are updated when more entries than this were written. */
const analyzedAfter = 10_000

/**
 * Returns the maximum number of changed meters with which a run updates the list itself. With more, its commit would come much
 * later. `meters` is the number of meters before the run.
 */
export function maxUpdatedByRun(meters: number): number {
  return Math.min(1_000, 20 + meters / 1_000)
}

/**
 * Updates the list with the changes of a run, in its transaction. A run that changed more than `maxUpdatedByRun` does not call
 * it; its list stays outdated until `correctListing`, which a worker calls after the run.
 */
export async function updateListing(db: Queryable, clientSystemId: string): Promise<void> {
  await db.query(
    writeEntries(
      await findFoldCase(db),
      `select meter_id from change where operation in ('update', 'restore', 'delete')
       union all
       select m.id
       from change c
       cross join lateral (select external_id from staging where staging.ctid = c.staged offset 0) s
       join sync.meter m on m.client_system_id = $1 and m.external_id = s.external_id
       where c.operation = 'insert'`,
    ),
    [clientSystemId],
  )
}

/** Returns the statement that writes the entries of these meters, in the order of their ids, so that writers cannot deadlock. */
function writeEntries(fold: FoldCase, meterIds: string): string {
  const columns = listingColumns.split(', ').filter((column) => column !== 'meter_id')
  return `
    insert into sync.meter_listing as l (${listingColumns})
    select ${computeListing(fold)}
    from (${meterIds}) wanted (meter_id)
    join sync.meter m on m.id = wanted.meter_id
    order by m.id
    on conflict (meter_id) do update
    set ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}`
}

/**
 * Corrects the list of a Client System page by page: writes every entry that is missing or outdated, and removes those whose
 * meter no longer exists.
 */
export async function correctListing(db: Queryable, clientSystemId: string): Promise<void> {
  const fold = await findFoldCase(db)
  let written = 0
  for (let after: string | null = '0'; after !== null; ) {
    const page: { rows: { last: string | null; written: number }[] } = await db.query(correctPage(fold), [
      clientSystemId,
      after,
      pageSize,
    ])
    written += page.rows[0]?.written ?? 0
    after = page.rows[0]?.last ?? null
  }
  // A role that is not the owner only gets a warning. Autovacuum then does it within a minute.
  if (written > analyzedAfter) await db.query('analyze sync.meter_listing')
}

/** Returns the statement that corrects one page. An entry that a run has written meanwhile is newer and stays. */
function correctPage(fold: FoldCase): string {
  return `
    with page as materialized (
      select id, whole_hash, updated_at from sync.meter where client_system_id = $1 and id > $2 order by id limit $3
    ), outdated as materialized (
      select page.id, l.whole_hash, l.updated_at
      from page
      left join sync.meter_listing l on l.meter_id = page.id
      where (l.whole_hash, l.updated_at) is distinct from (page.whole_hash, page.updated_at)
    ), written as (
      ${writeEntries(fold, 'select id from outdated')}
      where (l.meter_id, l.whole_hash, l.updated_at) in (select id, whole_hash, updated_at from outdated)
      returning 1
    ), ended as materialized (
      select case when count(*) = $3 then max(id) end as last from page
    ), removed as (
      delete from sync.meter_listing
      where client_system_id = $1 and meter_id > $2
        and meter_id <= (select coalesce(last, 9223372036854775807) from ended)
        and meter_id not in (select id from page)
    )
    select last::text, (select count(*)::float8 from written) as written from ended`
}
