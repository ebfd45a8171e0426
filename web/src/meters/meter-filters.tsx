import type { ClientSystemStatus, MeterFacets } from '../../../src/wire/types.ts'
import { collectionStates, type MeterFilter, meterAddress, meterStates } from '../routing/route.ts'
import { formatCount, plural } from '../ui/format.ts'
import { collectionWords } from './collection-word.tsx'

type Props = { filter: MeterFilter; facets: MeterFacets | null }

const stateWords = { active: 'Active', inactive: 'Inactive' } as const

/** The choices that narrow the list, each with the number of meters that it would leave. */
export function MeterFilters({ filter, facets }: Props) {
  const go = (change: Partial<MeterFilter>) => {
    location.hash = meterAddress(null, { ...filter, ...change })
  }
  return (
    <div class="meter-filters">
      <Choice
        name="State"
        chosen={filter.state === 'all' ? null : filter.state}
        options={(['active', 'inactive'] as const).map((value) => ({
          value,
          word: stateWords[value],
          meters: facets?.state[value],
        }))}
        onChoose={(value) => go({ state: meterStates.find((state) => state === value) ?? 'all' })}
      />
      <Choice
        name="Collection"
        chosen={filter.collection}
        options={collectionStates.map((value) => ({
          value,
          word: collectionWords[value].word,
          meters: facets?.collection[value],
        }))}
        onChoose={(value) => go({ collection: collectionStates.find((state) => state === value) ?? null })}
      />
      <Choice
        name="Kind"
        chosen={filter.kind}
        options={optionsOf(facets?.kind, 'No kind')}
        none="No kind"
        others={facets?.kind.others.values}
        onChoose={(kind) => go({ kind })}
      />
      <Choice
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

type Option = { value: string; word: string; meters: number | undefined }

function optionsOf(facet: MeterFacets['kind'] | undefined, none: string): Option[] {
  return (facet?.values ?? []).map(({ value, meters }) => ({ value, word: value === '' ? none : value, meters }))
}

type ChoiceProps = {
  name: string
  chosen: string | null
  options: readonly Option[]
  /** The word for the empty text. */
  none?: string
  /** How many values are not among the options. */
  others?: number | undefined
  onChoose: (value: string | null) => void
}

/** The value of "All" in a list in which the empty text is a choice too. */
const all = 'all'
const prefix = '='

function Choice({ name, chosen, options, none = 'None', others = 0, onChoose }: ChoiceProps) {
  const known = chosen === null || options.some(({ value }) => value === chosen)
  return (
    <label class="field">
      {name}
      <select
        value={chosen === null ? all : prefix + chosen}
        onChange={({ currentTarget: { value } }) => onChoose(value === all ? null : value.slice(prefix.length))}
      >
        <option value={all}>All</option>
        {!known && <option value={prefix + chosen}>{shortened(chosen || none)}</option>}
        {options.map(({ value, word, meters }) => (
          <option key={value} value={prefix + value}>
            {shortened(word)}
            {meters !== undefined && ` (${formatCount(meters)})`}
          </option>
        ))}
        {others > 0 && <option disabled>{plural(others, 'more', 'more')}: search for them</option>}
      </select>
    </label>
  )
}

const maxLetters = 60

/** A list of choices cannot break a text into lines. */
function shortened(text: string): string {
  const letters = [...text]
  return letters.length > maxLetters ? `${letters.slice(0, maxLetters - 1).join('')}…` : text
}

/** Whether a filter leaves anything out. */
export function isFiltered({ q, state, kind, location, collection }: MeterFilter): boolean {
  return q.trim() !== '' || state !== 'all' || kind !== null || location !== null || collection !== null
}

/** One link for each Client System, where there are several. */
export function ClientSystems({
  filter,
  statuses,
  chosen,
}: {
  filter: MeterFilter
  statuses: readonly ClientSystemStatus[]
  chosen: string
}) {
  if (statuses.length < 2) return null
  return (
    <nav aria-label="Client System" class="filters">
      {statuses.map(({ id, name }) => (
        <a
          key={id}
          href={meterAddress(null, { ...filter, clientSystemId: id })}
          aria-current={id === chosen ? 'true' : undefined}
        >
          {name}
        </a>
      ))}
    </nav>
  )
}
