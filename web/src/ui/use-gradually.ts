import { useEffect, useLayoutEffect, useState } from 'preact/hooks'

/** Few enough that drawing them does not delay what a reader does meanwhile, and more than a phone shows. */
const step = 10

/**
 * Returns the items of a list that arrives after its component: at first a part of them, then more in steps. Once a long list
 * has been drawn, later items are drawn at once, as are all of them while `atOnce` is true: a scroll position needs the height.
 */
export function useGradually<T>(items: readonly T[], atOnce = false): readonly T[] {
  const [limit, setLimit] = useState(items.length > step ? Number.POSITIVE_INFINITY : step)
  const isPart = !atOnce && limit < items.length
  const isLong = items.length > step
  useLayoutEffect(() => {
    if (isLong && !isPart) setLimit(Number.POSITIVE_INFINITY)
  }, [isLong, isPart])
  useEffect(() => {
    if (!isPart) return
    const timer = setTimeout(() => setLimit(limit + step))
    return () => clearTimeout(timer)
  }, [isPart, limit])
  return isPart ? items.slice(0, limit) : items
}
