import type { Page } from '../agent.ts'
import type { ResultPage } from '../db/pages.ts'

/** Converts the rows of a query to a page. Where more rows follow, the cursor of the last one continues it. */
export function toPage<Row, Cursor>(
  { items, more }: ResultPage<Row>,
  toCursor: (row: Row) => Cursor,
): Page<Row, Cursor> {
  const last = items.at(-1)
  return { items, next: more && last !== undefined ? toCursor(last) : null }
}

/** Converts the items of a page. */
export function mapPage<Row, Item, Cursor>(
  { items, next }: Page<Row, Cursor>,
  toItem: (row: Row) => Item,
): Page<Item, Cursor> {
  return { items: items.map(toItem), next }
}
