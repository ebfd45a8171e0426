import { useEffect, useState } from 'preact/hooks'

/** Longer than a frame, and too short to be seen. */
const frameMs = 50

/**
 * Returns a value one frame after it changed. A browser keeps what is read in place when content above it grows, but not when
 * in the same frame something else moves it too.
 */
export function useNextFrame<T>(value: T): T {
  const [shown, setShown] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setShown(value), frameMs)
    return () => clearTimeout(timer)
  }, [value])
  return shown
}
