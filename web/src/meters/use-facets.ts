import { useEffect, useState } from 'preact/hooks'
import type { MeterFacets } from '../../../src/wire/types.ts'
import { readMeterFacets } from '../data/api.ts'
import type { MeterFilter } from '../routing/route.ts'

/** How many meters each choice of the filter would leave; the numbers before until the next are here. */
export function useFacets({ sort, order, ...filter }: MeterFilter, lastRunId: string | undefined): MeterFacets | null {
  const [facets, setFacets] = useState<MeterFacets | null>(null)
  useEffect(() => {
    let left = false
    // Without numbers the filters still work.
    readMeterFacets({ sort, order, ...filter }).then(
      (read) => !left && setFacets(read),
      () => !left && setFacets(null),
    )
    return () => {
      left = true
    }
  }, [JSON.stringify(filter), lastRunId])
  return facets
}
