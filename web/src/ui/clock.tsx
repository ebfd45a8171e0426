import { type ComponentChildren, createContext } from 'preact'
import { useContext, useEffect, useState } from 'preact/hooks'
import { formatExact } from './format.ts'
import { formatMoment, formatStamp } from './time-style.ts'
import { useTimeStyle } from './times.tsx'

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

/** A moment as the reader wants times written; the exact time on hover. */
export function Moment({ iso, room = 'short' }: { iso: string; room?: 'short' | 'full' }) {
  const now = useNow()
  return (
    <time dateTime={iso} title={formatExact(iso)}>
      {formatMoment(iso, useTimeStyle(), now, room)}
    </time>
  )
}

/** Writes a moment as date and time, in the zone that the reader wants: for names, which must not change each second. */
export function useStamp(): (iso: string, room?: 'short' | 'full') => string {
  const style = useTimeStyle()
  return (iso, room = 'short') => formatStamp(iso, style, room)
}
