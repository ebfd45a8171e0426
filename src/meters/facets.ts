import type { Queryable } from '../db/connect.ts'
import type { CollectionState, MeterFacets } from '../wire/types.ts'
import { type MeterFilter, toMatching } from './filter.ts'
import { findListed } from './listed.ts'
import { collectionState } from './meter.ts'

type Facet = { facet: 'state' | 'kind' | 'location' | 'collection'; value: string; meters: number }
type FacetRow = Facet & { values: number; allMeters: number }

/**
 * Counts the meters by the values of each filter. The counts of a filter apply the search and the other filters. Of the kinds
 * and locations, the `limit` most frequent are listed.
 */
export async function countFacets(db: Queryable, filter: MeterFilter, limit: number): Promise<MeterFacets> {
  const listed = await findListed(db, filter.clientSystemId)
  const { values, add, words, state, kind, location } = toMatching(filter, listed)
  const stateOfCollection = collectionState('listed.active')
  const collection = filter.collection === null ? 'true' : `${stateOfCollection} = ${add(filter.collection)}`
  const conditions = { state, kind, location, collection }
  const column = { state: 'active::text', kind: 'kind', location: 'location', collection: 'state' }
  const facets = (['state', 'kind', 'location', 'collection'] as const).map((facet) => {
    const others = Object.keys(conditions).filter((other) => other !== facet)
    return `
      select '${facet}' as facet, ${column[facet]} as value, sum(meters) as meters
      from grouped
      where ${others.map((other) => `in_${other}`).join(' and ')}
      group by 2`
  })
  const { rows } = await db.query<FacetRow>(
    `with grouped as materialized (
       select listed.active, listed.kind, listed.location collate "C" as location, ${stateOfCollection} as state,
         ${Object.entries(conditions).map(([name, condition]) => `coalesce(${condition}, false) as in_${name}`)},
         count(*) as meters
       from ${listed.from}
       where ${words}
       group by 1, 2, 3, 4, 5, 6, 7, 8
     ), ranked as (
       select *,
         row_number() over (partition by facet order by meters desc, value) as rank,
         count(*) over (partition by facet) as values,
         sum(meters) over (partition by facet) as all_meters
       from (${facets.join(' union all ')}) facets
     )
     select facet, value, meters::float8 as meters, values::float8 as values, all_meters::float8 as "allMeters"
     from ranked
     where rank <= ${add(limit)} or facet in ('state', 'collection')
     order by facet, rank`,
    values,
  )
  const of = (facet: Facet['facet']) => rows.filter((row) => row.facet === facet)
  const count = (facet: Facet['facet'], value: string) => of(facet).find((row) => row.value === value)?.meters ?? 0
  const counts = (state: CollectionState) => count('collection', state)
  return {
    state: { active: count('state', 'true'), inactive: count('state', 'false') },
    collection: {
      reporting: counts('reporting'),
      late: counts('late'),
      silent: counts('silent'),
      never: counts('never'),
      stillReporting: counts('stillReporting'),
      quiet: counts('quiet'),
    },
    kind: toValues(of('kind')),
    location: toValues(of('location')),
  }
}

function toValues(rows: FacetRow[]): MeterFacets['kind'] {
  const { values = 0, allMeters = 0 } = rows[0] ?? {}
  const listed = rows.reduce((sum, { meters }) => sum + meters, 0)
  return {
    values: rows.map(({ value, meters }) => ({ value, meters })),
    others: { values: values - rows.length, meters: allMeters - listed },
  }
}
