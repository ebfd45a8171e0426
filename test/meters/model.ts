import type { MeterFacets } from '../../src/wire/types.ts'
import type { Database } from '../support/world.ts'

/** A meter as the Sync database has it, with its times in microseconds. */
export type Known = {
  id: number
  externalId: string
  name: string
  serialNumber: string | null
  kind: string | null
  location: string | null
  active: boolean
  updated: number
  lastRead: number | null
  collection: keyof MeterFacets['collection']
}

export type Query = {
  q?: string
  state?: 'active' | 'inactive' | 'all'
  kind?: string
  location?: string
  collection?: keyof MeterFacets['collection']
  sort?: 'externalId' | 'name' | 'location' | 'lastReading' | 'updated'
  order?: 'asc' | 'desc'
}

/** Reads all meters, in the order of their ids. Their expected interval is an hour. */
export async function readKnown(sync: Database): Promise<Known[]> {
  return await sync.query<Known>(`
    select m.id::float8 as id, external_id as "externalId", name, serial_number as "serialNumber", kind, location,
      m.active, extract(epoch from updated_at)::float8 * 1e6 as updated,
      extract(epoch from c.last_read_at)::float8 * 1e6 as "lastRead",
      case
        when m.active and c.last_read_at is null then 'never'
        when m.active and c.last_read_at < now() - interval '6 hours' then 'silent'
        when m.active and c.last_read_at < now() - interval '2 hours' then 'late'
        when m.active then 'reporting'
        when c.last_read_at >= now() - interval '2 hours' then 'stillReporting'
        else 'quiet'
      end as collection
    from sync.meter m
    left join sync.meter_collection c on c.meter_id = m.id
    order by m.id`)
}

const fold = (text: string) => text.toLowerCase().replaceAll('ς', 'σ')

const collator = new Intl.Collator('und', { numeric: true })
const compareBytes = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other))

/** Compares in natural order. */
const compareTexts = (one: string, other: string) => collator.compare(one, other) || compareBytes(one, other)

const wordsOf = ({ q = '' }: Query) => q.split(/\s+/).filter((word) => word !== '')

const conditions: Record<string, (meter: Known, query: Query) => boolean> = {
  state: (meter, { state = 'all' }) => state === 'all' || meter.active === (state === 'active'),
  kind: (meter, { kind }) => kind === undefined || (meter.kind ?? '') === kind,
  location: (meter, { location }) => location === undefined || (meter.location ?? '') === location,
  collection: (meter, { collection }) => collection === undefined || meter.collection === collection,
}

function hasWords(meter: Known, query: Query): boolean {
  const texts = [meter.externalId, meter.name, meter.serialNumber ?? '', meter.location ?? ''].map(fold)
  return wordsOf(query).every((word) => texts.some((text) => text.includes(fold(word))))
}

/** Filters and sorts in memory. */
export function find(meters: readonly Known[], query: Query): Known[] {
  const { q = '', sort = 'externalId', order = 'asc' } = query
  const whole = fold(q.trim())
  const isExact = (meter: Known) =>
    whole !== '' && [meter.externalId, meter.serialNumber ?? ''].some((text) => fold(text) === whole)
  const sign = order === 'asc' ? 1 : -1
  const compare: Record<typeof sort, (one: Known, other: Known) => number> = {
    externalId: () => 0,
    name: (one, other) => compareTexts(one.name, other.name),
    location: (one, other) => compareTexts(one.location ?? '', other.location ?? ''),
    lastReading: (one, other) => (one.lastRead ?? 0) - (other.lastRead ?? 0),
    updated: (one, other) => one.updated - other.updated,
  }
  return meters
    .filter((meter) => hasWords(meter, query) && Object.values(conditions).every((holds) => holds(meter, query)))
    .sort(
      (one, other) =>
        Number(isExact(other)) - Number(isExact(one)) ||
        sign * (compare[sort](one, other) || compareTexts(one.externalId, other.externalId)),
    )
}

/** Counts in memory. */
export function countFacets(meters: readonly Known[], query: Query, limit: number): MeterFacets {
  const but = (facet: string) => {
    const others = Object.entries(conditions).filter(([name]) => name !== facet)
    return meters.filter((meter) => hasWords(meter, query) && others.every(([, holds]) => holds(meter, query)))
  }
  const count = (facet: string, holds: (meter: Known) => boolean) => but(facet).filter(holds).length
  const state = (name: Known['collection']) => count('collection', ({ collection }) => collection === name)
  const values = (facet: 'kind' | 'location') => {
    const all = Map.groupBy(but(facet), (meter) => meter[facet] ?? '')
    const sorted = [...all]
      .map(([value, { length: meters }]) => ({ value, meters }))
      .sort((one, other) => other.meters - one.meters || compareBytes(one.value, other.value))
    const rest = sorted.slice(limit)
    const others = { values: rest.length, meters: rest.reduce((sum, { meters }) => sum + meters, 0) }
    return { values: sorted.slice(0, limit), others }
  }
  return {
    state: { active: count('state', ({ active }) => active), inactive: count('state', ({ active }) => !active) },
    collection: {
      reporting: state('reporting'),
      late: state('late'),
      silent: state('silent'),
      never: state('never'),
      stillReporting: state('stillReporting'),
      quiet: state('quiet'),
    },
    kind: values('kind'),
    location: values('location'),
  }
}
