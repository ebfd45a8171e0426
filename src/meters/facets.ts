import type { Queryable } from '../db/connect.ts'
import type { CollectionState, MeterFacets } from '../wire/types.ts'
import { findCandidates } from './candidates.ts'
import { type MeterFilter, toMatching } from './filter.ts'
import { findListSource, type ListSource } from './list-source.ts'

type Facet = 'state' | 'kind' | 'location'
type FacetRow = { facet: Facet; value: string; meters: number; values: number; allMeters: number }

/**
 * Counts the meters by the values of each filter. The counts of a filter apply the search and the other filters. Of the kinds
 * and locations, the `limit` most frequent are listed.
 */
export async function countFacets(db: Queryable, filter: MeterFilter, limit: number): Promise<MeterFacets> {
  const source = await findListSource(db, filter.clientSystemId)
  const [facets, collection] = await Promise.all([
    countColumns(db, { ...source, among: await findCandidates(db, filter) }, filter, limit),
    countStates(db, source, filter),
  ])
  return { ...facets, collection }
}

/** Counts by the columns of the list. Without a filter of the collection, the planner leaves out the join with it. */
async function countColumns(
  db: Queryable,
  source: ListSource,
  filter: MeterFilter,
  limit: number,
): Promise<Omit<MeterFacets, 'collection'>> {
  const { values, add, words, state, kind, location, collection } = toMatching(filter, source)
  const conditions = { state, kind, location }
  const column = { state: 'active::text', kind: 'kind', location: 'location' }
  const facets = (['state', 'kind', 'location'] as const).map((facet) => {
    const others = Object.keys(conditions).filter((other) => other !== facet)
    return `
      select '${facet}' as facet, ${column[facet]} as value, sum(meters) as meters
      from grouped
      where ${others.map((other) => `in_${other}`).join(' and ')}
      group by 2`
  })
  const { rows } = await db.query<FacetRow>(
    `with grouped as materialized (
       select listed.active, listed.kind, listed.location collate "C" as location,
         ${Object.entries(conditions).map(([name, condition]) => `coalesce(${condition}, false) as in_${name}`)},
         count(*) as meters
       from ${source.from}
       where ${words} and ${collection}
       group by 1, 2, 3, 4, 5, 6
     ), ranked as (
       select *,
         row_number() over (partition by facet order by meters desc, value) as rank,
         count(*) over (partition by facet) as values,
         sum(meters) over (partition by facet) as all_meters
       from (${facets.join(' union all ')}) facets
     )
     select facet, value, meters::float8 as meters, values::float8 as values, all_meters::float8 as "allMeters"
     from ranked
     where rank <= ${add(limit)} or facet = 'state'
     order by facet, rank`,
    values,
  )
  const of = (facet: Facet) => rows.filter((row) => row.facet === facet)
  const stateOf = (value: string) => of('state').find((row) => row.value === value)?.meters ?? 0
  return {
    state: { active: stateOf('true'), inactive: stateOf('false') },
    kind: toValues(of('kind')),
    location: toValues(of('location')),
  }
}

/** `late` and `silent` are null for a meter that was never read. */
type StateRow = { active: boolean; late: boolean | null; silent: boolean | null; meters: number }

/** Counts by the state of the collection. All meters are counted without the list, because joining them takes five times as long. */
async function countStates(db: Queryable, source: ListSource, filter: MeterFilter): Promise<MeterFacets['collection']> {
  const counts: MeterFacets['collection'] = { reporting: 0, late: 0, silent: 0, never: 0, stillReporting: 0, quiet: 0 }
  const { values, words, state, kind, location } = toMatching({ ...filter, collection: null }, source)
  const all = !filter.search?.trim() && filter.kind === null && filter.location === null
  const { rows } = await db.query<StateRow>(
    `select listed.active, late_at < now() as late, silent_at < now() as silent, count(*)::float8 as meters
     from ${all ? 'sync.meter_collection listed' : source.from}
     where ${[words, state, kind, location].join(' and ')}
     group by 1, 2, 3`,
    values,
  )
  for (const row of rows) counts[collectionStateOf(row)] += row.meters
  if (!all) return counts
  const { reporting, late, silent, stillReporting, quiet } = counts
  const { active, inactive } = source.totals
  if (filter.state !== 'inactive') counts.never = Math.max(0, active - reporting - late - silent)
  if (filter.state !== 'active') counts.quiet = Math.max(quiet, inactive - stillReporting)
  return counts
}

function collectionStateOf({ active, late, silent }: StateRow): CollectionState {
  if (!active) return late === false ? 'stillReporting' : 'quiet'
  if (late === null) return 'never'
  if (silent) return 'silent'
  return late ? 'late' : 'reporting'
}

function toValues(rows: FacetRow[]): MeterFacets['kind'] {
  const { values = 0, allMeters = 0 } = rows[0] ?? {}
  const listed = rows.reduce((sum, { meters }) => sum + meters, 0)
  return {
    values: rows.map(({ value, meters }) => ({ value, meters })),
    others: { values: values - rows.length, meters: allMeters - listed },
  }
}
