import { collectionStates } from '../../../src/wire/lists.ts'
import type { MeterFacets } from '../../../src/wire/types.ts'
import { type MeterFilter, meterAddress, meterStates } from '../routing/route.ts'
import { collectionWords } from './collection-word.tsx'
import { FacetChoice, type Option } from './facet-choice.tsx'

type Props = { filter: MeterFilter; facets: MeterFacets | null }

const stateWords = { active: 'Active', inactive: 'Inactive' } as const

/** The choices that narrow the list, each with the number of meters that it would leave. */
export function MeterFilters({ filter, facets }: Props) {
  const go = (change: Partial<MeterFilter>) => {
    location.hash = meterAddress(null, { ...filter, ...change })
  }
  return (
    <div class="meter-filters">
      <FacetChoice
        name="State"
        chosen={filter.state === 'all' ? null : filter.state}
        options={(['active', 'inactive'] as const).map((value) => ({
          value,
          word: stateWords[value],
          meters: facets?.state[value],
        }))}
        onChoose={(value) => go({ state: meterStates.find((state) => state === value) ?? 'all' })}
      />
      <FacetChoice
        name="Collection"
        chosen={filter.collection}
        options={collectionStates.map((value) => ({
          value,
          word: collectionWords[value].word,
          meters: facets?.collection[value],
        }))}
        onChoose={(value) => go({ collection: collectionStates.find((state) => state === value) ?? null })}
      />
      <FacetChoice
        name="Kind"
        chosen={filter.kind}
        options={optionsOf(facets?.kind, 'No kind')}
        none="No kind"
        others={facets?.kind.others.values}
        onChoose={(kind) => go({ kind })}
      />
      <FacetChoice
        name="Location"
        chosen={filter.location}
        options={optionsOf(facets?.location, 'No location')}
        none="No location"
        others={facets?.location.others.values}
        onChoose={(location) => go({ location })}
      />
    </div>
  )
}

function optionsOf(facet: MeterFacets['kind'] | undefined, none: string): Option[] {
  return (facet?.values ?? []).map(({ value, meters }) => ({ value, word: value === '' ? none : value, meters }))
}

/** Whether a filter leaves anything out. */
export function isFiltered({ q, state, kind, location, collection }: MeterFilter): boolean {
  return q.trim() !== '' || state !== 'all' || kind !== null || location !== null || collection !== null
}
