import { useEffect } from 'preact/hooks'

/** Calls `run` at an interval while the page is seen, and at once when it is seen again. `run` must stay the same function. */
export function useRepeated(run: () => void, intervalMs: number): void {
  useEffect(() => {
    const runWhenSeen = () => {
      if (!document.hidden) run()
    }
    const timer = setInterval(runWhenSeen, intervalMs)
    document.addEventListener('visibilitychange', runWhenSeen)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', runWhenSeen)
    }
  }, [run, intervalMs])
}
