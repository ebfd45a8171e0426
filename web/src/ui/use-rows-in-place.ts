import type { RefObject } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

/**
 * Keeps the rows of a table (those that match `rows`) where their reader sees them when `version` changes, such as by new ones
 * above: the page scrolls by as much. A page that stands at its top stays there. Browsers do this for what grows above the
 * window, but not for a row within it.
 */
export function useRowsInPlace(table: RefObject<HTMLTableElement | null>, rows: string, version: string): void {
  const read = useRef<{ row: Element; top: number } | null>(null)
  // While rendering, the page is still as it was before.
  const seen = scrollY > 0 ? [...(table.current?.querySelectorAll(rows) ?? [])] : []
  const row = seen.find((element) => element.getBoundingClientRect().bottom > 0)
  const top = row?.getBoundingClientRect().top ?? Number.POSITIVE_INFINITY
  read.current = row !== undefined && top < innerHeight / 2 ? { row, top } : null
  useLayoutEffect(() => {
    if (read.current === null || !read.current.row.isConnected) return
    const moved = read.current.row.getBoundingClientRect().top - read.current.top
    if (moved !== 0) scrollBy(0, moved)
  }, [version])
}
