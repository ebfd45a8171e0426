import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { Meter } from '../../../src/wire/types.ts'
import { readMeter } from '../data/api.ts'
import { useRepeated } from '../ui/use-repeated.ts'

/** Readings come without an event, and a meter that sends none becomes late by time alone. */
const readEveryMs = 30_000

/** A meter as it is now: read again every half minute while the page is seen. `version` grows with each time. */
export function useCurrentMeter(listed: Meter): { meter: Meter; version: number } {
  const [read, setRead] = useState<{ meter: Meter; of: Meter; version: number } | null>(null)
  const latest = useRef<Meter | null>(null)
  useEffect(() => {
    latest.current = listed
    return () => {
      latest.current = null
    }
  }, [listed])
  const readAgain = useCallback(async () => {
    // When it fails, the meter stays as it was until the next time.
    const meter = await readMeter(String(listed.id)).catch(() => null)
    if (meter === null || latest.current !== listed) return
    setRead((before) => ({ meter, of: listed, version: (before?.version ?? 0) + 1 }))
  }, [listed])
  useRepeated(readAgain, readEveryMs)
  // A list that was loaded meanwhile is newer.
  return { meter: read?.of === listed ? read.meter : listed, version: read?.version ?? 0 }
}
