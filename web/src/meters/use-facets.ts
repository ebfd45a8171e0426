import { useEffect, useRef, useState } from 'preact/hooks'
import type { MeterFacets } from '../../../src/wire/types.ts'
import { readMeterFacets } from '../data/api.ts'
import type { MeterFilter } from '../routing/route.ts'

/**
 * Counts the meters of each choice of a filter. The counts are requested when the list is `ready`, so that they do not slow
 * down a search, and again after another sync (`syncId`).
 */
export function useFacets(filter: MeterFilter, syncId: string | undefined, ready: boolean): MeterFacets | null {
  const [facets, setFacets] = useState<MeterFacets | null>(null)
  const { sort: _, order: __, ...counted } = filter
  const key = JSON.stringify([counted, syncId])
  const requested = useRef('')
  useEffect(() => {
    if (!ready || requested.current === key) return
    requested.current = key
    // Without numbers the filters still work.
    readMeterFacets(filter).then(
      (read) => requested.current === key && setFacets(read),
      () => requested.current === key && setFacets(null),
    )
  }, [key, ready])
  return facets
}
