import { useEffect, useRef, useState } from 'preact/hooks'
import type { MeterFacets } from '../../../src/wire/types.ts'
import { readMeterFacets } from '../data/api.ts'
import type { MeterFilter } from '../routing/route.ts'

/**
 * How many meters each choice of the filter would leave; the numbers before until the next are here. They are read once the
 * list is `ready`, so that a search is not slowed by them. Another `syncId` makes other numbers.
 */
export function useFacets(filter: MeterFilter, syncId: string | undefined, ready: boolean): MeterFacets | null {
  const [facets, setFacets] = useState<MeterFacets | null>(null)
  const { sort: _, order: __, ...counted } = filter
  const key = JSON.stringify([counted, syncId])
  const asked = useRef('')
  useEffect(() => {
    if (!ready || asked.current === key) return
    asked.current = key
    // Without numbers the filters still work.
    readMeterFacets(filter).then(
      (read) => asked.current === key && setFacets(read),
      () => asked.current === key && setFacets(null),
    )
  }, [key, ready])
  return facets
}
