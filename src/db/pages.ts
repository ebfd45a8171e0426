import type { Queryable } from './connect.ts'

/** The maximum size of the rows of a page in bytes; only the row that exceeds it is returned as well. */
const maxPageBytes = 1_000_000

/** The items of a query in order, and whether more of them follow. */
export type ResultPage<Item> = { items: Item[]; more: boolean }

/** A page of a list. `next` is the place of its last item, from which the next page continues; null at the end of the list. */
export type Page<Item, Cursor> = { items: Item[]; next: Cursor | null }

/** Converts the rows of a query to a page. `toCursor` returns the place of a row. */
export function toPage<Row, Item, Cursor>(
  { items: rows, more }: ResultPage<Row>,
  toItem: (row: Row) => Item,
  toCursor: (row: Row) => Cursor,
): Page<Item, Cursor> {
  const last = rows.at(-1)
  return { items: rows.map(toItem), next: more && last !== undefined ? toCursor(last) : null }
}

/**
 * Returns a query for the rows of `select` up to about one megabyte, but at least one row. A meter can have 8 MB, so a page
 * of 200 meters could exhaust memory. `select` should already be ordered by `order`.
 */
export function limitToBytes(select: string, order: string): string {
  return `
    select (page).*, more
    from (
      select page, octet_length(page::text) as bytes, sum(octet_length(page::text)) over up_to_here as bytes_up_to_here,
        lead(true, 1, false) over (order by ${order}) as more
      from (${select}) page
      window up_to_here as (order by ${order} rows unbounded preceding)
    ) sized
    where bytes_up_to_here - bytes < ${maxPageBytes}
    order by ${order}`
}

/** Returns the first `limit` items of a list for which one more than `limit` was requested. */
export function takePage<Item>(items: Item[], limit: number): ResultPage<Item> {
  return { items: items.slice(0, limit), more: items.length > limit }
}

/** Runs `select` and returns a page of at most `limit` rows. The last parameter of `select` is its own LIMIT, one more. */
export async function findPage<Row extends object>(
  db: Queryable,
  { select, order }: { select: string; order: string },
  values: unknown[],
  limit: number,
): Promise<ResultPage<Row>> {
  const { rows } = await db.query<Row & { more: boolean }>(limitToBytes(select, order), [...values, limit + 1])
  const page = rows.slice(0, limit)
  const items = page.map(({ more: _, ...row }) => row as Row)
  return { items, more: page.at(-1)?.more ?? false }
}
