import { type ComponentChildren, createContext } from 'preact'
import { useContext, useEffect, useMemo, useState } from 'preact/hooks'
import { formatExact } from './format.ts'
import { formatMoment, formatStamp, type Length } from './time-style.ts'
import { useTimeStyle } from './times.tsx'

const Now = createContext(0)

/** The clock of the page: ticks each second, in the server's time. Only components that use it render again. */
export function Clock({ offset, children }: { offset: number; children: ComponentChildren }) {
  const [local, setLocal] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setLocal(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return <Now.Provider value={local + offset}>{children}</Now.Provider>
}

/** Returns the server's time in milliseconds, and renders again each second. */
export function useNow(): number {
  return useContext(Now)
}

/** A time in the style of the page, with the exact time on hover. */
export function Moment({ iso, length = 'short' }: { iso: string; length?: Length }) {
  const now = useNow()
  const exact = useMemo(() => formatExact(iso), [iso])
  return (
    <time dateTime={iso} title={exact}>
      {formatMoment(iso, useTimeStyle(), now, length)}
    </time>
  )
}

/** Returns a function that formats a time as date and time: for names, which must not change each second. */
export function useStamp(): (iso: string, length?: Length) => string {
  const style = useTimeStyle()
  return (iso, length = 'short') => formatStamp(iso, style, length)
}
