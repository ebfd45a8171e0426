import { meterSorts } from '../../../src/wire/lists.ts'
import type { MeterOrder, MeterSort } from '../../../src/wire/types.ts'
import { type MeterFilter, meterAddress } from '../routing/route.ts'
import { Icon } from '../ui/icon.tsx'
import { tableRoles } from '../ui/table.tsx'

const words: Record<MeterSort, { name: string; first: MeterOrder; asc: string; desc: string }> = {
  externalId: { name: 'External id', first: 'asc', asc: 'ascending', desc: 'descending' },
  name: { name: 'Name', first: 'asc', asc: 'A to Z', desc: 'Z to A' },
  location: { name: 'Location', first: 'asc', asc: 'A to Z', desc: 'Z to A' },
  lastReading: { name: 'Last reading', first: 'desc', asc: 'oldest first', desc: 'newest first' },
  updated: { name: 'Last change', first: 'desc', asc: 'oldest first', desc: 'newest first' },
}

type Props = {
  /** Null where the list cannot be sorted by its heads: then they only name the columns. */
  filter: MeterFilter | null
  sort: MeterSort
  class?: string
}

/** The head of a column, which sorts by it; pressed again it turns the order around. */
export function SortHead({ filter, sort, class: className }: Props) {
  const { name, first } = words[sort]
  if (filter === null) {
    return (
      <th {...tableRoles.header} class={className}>
        {name}
      </th>
    )
  }
  const sorted = filter.sort === sort
  const order = sorted ? (filter.order === 'asc' ? 'desc' : 'asc') : first
  return (
    <th
      {...tableRoles.header}
      class={className}
      aria-sort={sorted ? (filter.order === 'asc' ? 'ascending' : 'descending') : 'none'}
    >
      <a class="sort" href={meterAddress(null, { ...filter, sort, order })}>
        {name}
        {sorted && <Icon name="arrow" class={filter.order === 'asc' ? 'to-top' : 'to-bottom'} />}
      </a>
    </th>
  )
}

/** The same choice where there are no heads. */
export function SortChoice({ filter }: { filter: MeterFilter }) {
  const options = meterSorts.flatMap((sort) => {
    const { name, first } = words[sort]
    const orders: readonly MeterOrder[] = first === 'asc' ? ['asc', 'desc'] : ['desc', 'asc']
    return orders.map((order) => ({ sort, order, word: `${name}, ${words[sort][order]}` }))
  })
  const choose = (index: number) => {
    const option = options[index]
    if (option !== undefined) location.hash = meterAddress(null, { ...filter, sort: option.sort, order: option.order })
  }
  return (
    <label class="field">
      Sort by
      <select
        value={options.findIndex(({ sort, order }) => sort === filter.sort && order === filter.order)}
        onChange={(event) => choose(event.currentTarget.selectedIndex)}
      >
        {options.map(({ word }, index) => (
          <option key={word} value={index}>
            {word}
          </option>
        ))}
      </select>
    </label>
  )
}
