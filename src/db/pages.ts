import type { Queryable } from './connect.ts'

/** How many bytes the rows of a page may have, but for the one that goes beyond. */
const maxPageBytes = 1_000_000

/** Items in their order, and whether more of them follow. */
export type ResultPage<Item> = { items: Item[]; more: boolean }

/**
 * The rows of `select` up to about a megabyte, and one at least: a meter may have 8 MB, and neither this process nor
 * whoever asked wants two hundred of them. `order` orders the rows of `select`, which should be ordered by it already.
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

/** The first of what was found when one more than `limit` was asked for. */
export function takePage<Item>(items: Item[], limit: number): ResultPage<Item> {
  return { items: items.slice(0, limit), more: items.length > limit }
}

/** A page of `select`, which takes one more than `limit`, its last parameter. */
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
