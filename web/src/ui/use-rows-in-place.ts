import type { RefObject } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

/**
 * Keeps the rows of a table (those that match `rows`) where their reader sees them when `version` changes, such as by new ones
 * above: the page scrolls by as much. The reader sees the row that is open, or the first one in the upper half of the window that
 * does not match `growing`. A page that stands at its top stays there. Browsers do this for what grows above the window, but
 * not for a row within it.
 */
export function useRowsInPlace(
  table: RefObject<HTMLTableElement | null>,
  { rows, growing }: { rows: string; growing: string },
  version: string,
): void {
  const read = useRef<{ row: Element; top: number } | null>(null)
  // While rendering, the page is still as it was before.
  const seen = scrollY > 0 ? [...(table.current?.querySelectorAll(rows) ?? [])].map(withPlace).filter(isBelowTop) : []
  const open = seen.find(({ row, top }) => row.matches('[data-open="true"]') && top < innerHeight)
  const first = seen.find(({ row, top }) => top < innerHeight / 2 && !row.matches(growing))
  read.current = open ?? first ?? null
  useLayoutEffect(() => {
    if (read.current === null || !read.current.row.isConnected) return
    const moved = read.current.row.getBoundingClientRect().top - read.current.top
    if (moved !== 0) scrollBy(0, moved)
  }, [version])
}

function withPlace(row: Element): { row: Element; top: number; bottom: number } {
  const { top, bottom } = row.getBoundingClientRect()
  return { row, top, bottom }
}

const isBelowTop = ({ bottom }: { bottom: number }) => bottom > 0
