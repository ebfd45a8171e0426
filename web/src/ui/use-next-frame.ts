import { useLayoutEffect, useState } from 'preact/hooks'

/**
 * Returns a value in a frame of its own: after the browser has drawn what else its component was rendered with. A browser keeps
 * what is read in place when content above it grows, but not when in the same frame something else moves it too.
 */
export function useNextFrame<T>(value: T): T {
  const [shown, setShown] = useState(value)
  useLayoutEffect(() => {
    if (shown === value) return
    // The first frame draws this rendering, the second one the value. Another rendering between them starts anew.
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => setShown(value))
    })
    return () => cancelAnimationFrame(frame)
  })
  return shown
}
