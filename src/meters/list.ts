import type { Queryable } from '../db/connect.ts'
import { findPage, type ResultPage } from '../db/pages.ts'
import type { Meter, MeterOrder, MeterSort } from '../wire/types.ts'
import { findCandidates } from './candidates.ts'
import { type Matching, type MeterFilter, toMatching } from './filter.ts'
import { findListSource, type ListSource } from './list-source.ts'
import { type MeterRow, meterColumns, metersWithCollection, toMeter } from './meter.ts'

/** The end of a page. `exact` is true when its last meter has the search text as external id or serial number. */
export type MeterCursor = {
  sort: MeterSort
  order: MeterOrder
  exact: boolean
  key: string
  externalId: string
}

/** A request for a list of meters: which ones, in which order, and from where on. */
export type MeterListRequest = MeterFilter & { sort: MeterSort; order: MeterOrder; after: MeterCursor | null }

/**
 * A page of meters. On the first page, `total` is the number of meters that match; with `totalIsExact` false, more match than
 * `total`. On later pages `total` is null.
 */
export type MeterPage = ResultPage<Meter> & { total: number | null; totalIsExact: boolean; after: MeterCursor | null }

/** The maximum number of meters that are counted. */
const maxCounted = 1_000

/** The sort key of each sort and its type. Meters with equal keys are sorted by external id. */
const sortKeys: Record<MeterSort, { key: string; type: string }> = {
  externalId: { key: 'listed.external_id', type: 'text' },
  name: { key: 'listed.name', type: 'text' },
  location: { key: 'listed.location', type: 'text' },
  lastReading: { key: `coalesce(last_read_at, '-infinity')`, type: 'timestamptz' },
  updated: { key: 'listed.updated_at', type: 'timestamptz' },
}

/**
 * Returns a page of at most `limit` meters in natural order. Meters whose external id or serial number is the search text
 * come first. A missing value is smaller than any other.
 */
export async function listMeters(db: Queryable, listing: MeterListRequest, limit: number): Promise<MeterPage> {
  const source = await findSource(db, listing)
  const isFirst = listing.after === null
  const [{ items, more }, counted] = await Promise.all([
    listPage(db, source, listing, limit),
    isFirst ? countMeters(db, source, listing) : { total: null, totalIsExact: false },
  ])
  const meters = metersOf(items)
  const total = isFirst && !more ? { total: meters.length, totalIsExact: true } : counted
  return { items: meters, more, ...total, after: items.at(-1)?.cursor ?? null }
}

async function findSource(db: Queryable, filter: MeterFilter): Promise<ListSource> {
  return { ...(await findListSource(db, filter.clientSystemId)), among: await findCandidates(db, filter) }
}

/** `meter` is null where another program deleted it. The entry keeps its place, so that the page does not look like the last. */
type ListedMeter = { meter: Meter | null; cursor: MeterCursor }

function metersOf(items: ListedMeter[]): Meter[] {
  return items.flatMap(({ meter }) => meter ?? [])
}

async function listPage(
  db: Queryable,
  source: ListSource,
  listing: MeterListRequest,
  limit: number,
): Promise<ResultPage<ListedMeter>> {
  const { after, search } = listing
  const [exact, rest] = await Promise.all([
    search?.trim() && (after === null || after.exact) ? findPart(db, source, listing, limit, true) : null,
    findPart(db, source, { ...listing, after: after?.exact ? null : after }, limit, false),
  ])
  if (exact?.more) return exact
  const found = [...(exact?.items ?? []), ...rest.items]
  return { items: found.slice(0, limit), more: rest.more || found.length > limit }
}

/** A row of a page. It has no columns of the meter where another program deleted the meter. */
type PartRow = (MeterRow | { id: null }) & {
  page_key: unknown
  page_place: string
  page_external_id: string
  page_id: string
}

/** Returns a page of one part of a list: with `exact` the meters whose id is the search text, otherwise the others. */
async function findPart(
  db: Queryable,
  source: ListSource,
  listing: MeterListRequest,
  limit: number,
  exact: boolean,
): Promise<ResultPage<ListedMeter>> {
  const { sort, order, after } = listing
  if (sort === 'lastReading' && order === 'desc' && !exact && after?.key !== '-infinity') {
    // Meters that were never read come last. Without them, the query sorts by an index of the collection before it joins.
    const read = await findSorted(db, source, listing, limit, { exact, part: lastRead })
    if (read.more) return read
  }
  return await findSorted(db, source, listing, limit, { exact, part: sortKeys[sort] })
}

/** A sort key with its type, and a condition that leaves out a part of the meters. */
type SortedPart = { key: string; type: string; condition?: string }
const lastRead: SortedPart = { key: 'last_read_at', type: 'timestamptz', condition: `last_read_at > '-infinity'` }

async function findSorted(
  db: Queryable,
  source: ListSource,
  { sort, order, after, ...filter }: MeterListRequest,
  limit: number,
  { exact, part: { key, type, condition = 'true' } }: { exact: boolean; part: SortedPart },
): Promise<ResultPage<ListedMeter>> {
  const { from } = source
  const matching = toMatching(filter, source)
  const identified = matching.exact()
  const columns = [...new Set([key, 'listed.external_id'])]
  const place = after && [`${matching.add(after.key)}::${type}`, `${matching.add(after.externalId)}::text`]
  const conditions = [
    ...conditionsOf(matching),
    condition,
    identified === null ? 'true' : exact ? identified : `${identified} is not true`,
    place ? `(${key}, listed.external_id) ${order === 'asc' ? '>' : '<'} (${place.join(', ')})` : 'true',
  ]
  const page = `
    select listed.meter_id as page_id, ${key} as page_key, listed.external_id as page_external_id
    from ${from}
    where ${conditions.join(' and ')}
    order by ${columns.map((column) => `${column} ${order}`).join(', ')}
    limit $${matching.values.length + 1}`
  const pageOrder = ['page_key', 'page_external_id'].map((column) => `${column} ${order}`).join(', ')
  const select = `
    select page_id, page_key, page_key::text as page_place, page_external_id, ${meterColumns}
    from (${page}) page
    left join (${metersWithCollection}) on meter.id = page_id
    order by ${pageOrder}`
  const { items, more } = await findPage<PartRow>(db, { select, order: pageOrder }, matching.values, limit)
  return {
    items: items.map(({ page_key: _, page_place: key, page_external_id: externalId, page_id: __, ...row }) => ({
      meter: row.id === null ? null : toMeter(row),
      cursor: { sort, order, exact, key, externalId },
    })),
    more,
  }
}

function conditionsOf({ words, state, kind, location, collection }: Matching): string[] {
  return [words, state, kind, location, collection]
}

/**
 * Counts the meters that match, `maxCounted` at most. Without a search and filters, the numbers are those of the last success.
 */
async function countMeters(
  db: Queryable,
  source: ListSource,
  listing: MeterListRequest,
): Promise<Pick<MeterPage, 'total' | 'totalIsExact'>> {
  const { search, kind, location, collection, state } = listing
  if (!search?.trim() && kind === null && location === null && collection === null) {
    const { active, inactive } = source.totals
    return { total: { all: active + inactive, active, inactive }[state], totalIsExact: true }
  }
  const matching = toMatching(listing, source)
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::float8 as count
     from (select from ${source.from} where ${conditionsOf(matching).join(' and ')} limit $${matching.values.length + 1}) matching`,
    [...matching.values, maxCounted + 1],
  )
  const count = rows[0]?.count ?? 0
  return { total: Math.min(count, maxCounted), totalIsExact: count <= maxCounted }
}

/** The meters of one statement. */
const exportPageSize = 1_000

/** Yields pages of all meters that match. A slow client holds no connection, and memory does not grow with their number. */
export async function* exportMeters(db: Queryable, listing: Omit<MeterListRequest, 'after'>): AsyncGenerator<Meter[]> {
  for (let after: MeterCursor | null = null; ; ) {
    const page = await listPage(db, await findSource(db, listing), { ...listing, after }, exportPageSize)
    const meters = metersOf(page.items)
    if (meters.length > 0) yield meters
    if (!page.more) return
    after = page.items.at(-1)?.cursor ?? null
  }
}
