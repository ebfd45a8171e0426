import type { CollectionState } from '../wire/types.ts'
import type { ListSource } from './list-source.ts'
import { asExact, asSorted } from './listing-columns.ts'
import { containsPair, isPair, toPattern } from './words.ts'

export type MeterFilter = {
  clientSystemId: string
  /** The search text. Each word must occur in the external id, the name, the serial number or the location, whatever its case. */
  search: string | null
  state: 'active' | 'inactive' | 'all'
  /** Exactly this kind and location. An empty text matches meters without one. */
  kind: string | null
  location: string | null
  collection: CollectionState | null
}

/** The conditions of a filter on `listed` and `collection`, with the values of their parameters. */
export type Matching = {
  values: unknown[]
  /** Adds the value of a further parameter and returns its placeholder, such as `$3`. */
  add: (value: unknown) => string
  /** The condition of the Client System and of all words. */
  words: string
  state: string
  kind: string
  location: string
  collection: string
  /** Returns the condition that the external id or the serial number is the search text; null without a search. */
  exact: () => string | null
}

/**
 * The condition of each state. They are separate, so that the planner can find the few silent meters from
 * `sync.meter_collection`.
 */
const inState: Record<CollectionState, string> = {
  reporting: 'listed.active and late_at >= now()',
  late: 'listed.active and late_at < now() and silent_at >= now()',
  silent: 'listed.active and silent_at < now()',
  // Not `late_at is null`, because the planner estimates the number of rows better for an anti-join.
  never: 'listed.active and not exists (select from sync.meter_collection read where read.meter_id = listed.meter_id)',
  stillReporting: 'not listed.active and late_at >= now()',
  quiet: 'not listed.active and (late_at >= now()) is not true',
}

/** The maximum number of words of a search. Further words are ignored, because each requires an index scan. */
const maxWords = 8

/** Returns the SQL of a filter. Each call of `add` or `exact` adds parameters to `values`, so call them once. */
export function toMatching(
  { clientSystemId, search, ...filter }: MeterFilter,
  { fold, pairs, among }: ListSource,
): Matching {
  const values: unknown[] = []
  const add = (value: unknown) => `$${values.push(value)}`
  const whole = search?.trim() ?? ''
  const words = whole === '' ? [] : whole.split(/\s+/).slice(0, maxWords)
  const system = `listed.client_system_id = ${add(clientSystemId)}`
  const addFolded = (text: string) => fold(`${add(text)}::text`)
  const contained = words.map((word) =>
    pairs && isPair(word) ? containsPair(word, addFolded) : `listed.words like ${addFolded(toPattern(word))}`,
  )
  const exact = () => {
    if (words.length === 0) return null
    const text = asExact(fold, `${add(whole)}::text`)
    return `(listed.id_text = ${text} or listed.serial_text = ${text})`
  }
  const inCollection = () => {
    if (filter.collection === null) return 'true'
    const state = inState[filter.collection]
    return among === null ? state : `listed.meter_id = any(${add(among)}) and ${state}`
  }
  const equal = (column: string, value: string | null) =>
    value === null ? 'true' : `${column} = ${asSorted(`${add(value)}::text`)}`
  return {
    values,
    add,
    words: [system, ...contained].join(' and '),
    state: filter.state === 'all' ? 'true' : filter.state === 'active' ? 'listed.active' : 'not listed.active',
    kind: equal('listed.kind', filter.kind),
    location: equal('listed.location', filter.location),
    collection: inCollection(),
    exact,
  }
}
