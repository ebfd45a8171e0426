import { type ComponentChildren, createContext } from 'preact'
import { useContext, useEffect, useState } from 'preact/hooks'
import { formatAge, formatExact } from './format.ts'

const Now = createContext(0)

/** The page's one clock: ticks each second, in the server's time. Only what reads the clock renders again. */
export function Clock({ offset, children }: { offset: number; children: ComponentChildren }) {
  const [local, setLocal] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setLocal(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return <Now.Provider value={local + offset}>{children}</Now.Provider>
}

/** The server's time in milliseconds, as far as this page knows it; renders again each second. */
export function useNow(): number {
  return useContext(Now)
}

/** How long ago a moment was; the exact time on hover. */
export function Age({ iso }: { iso: string }) {
  const now = useNow()
  return (
    <time dateTime={iso} title={formatExact(iso)}>
      {formatAge(now - Date.parse(iso))}
    </time>
  )
}
