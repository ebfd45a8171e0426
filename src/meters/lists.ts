import type { Queryable } from '../db/connect.ts'
import { parseObject } from '../db/json.ts'
import { findPage, type ResultPage } from '../db/pages.ts'
import { errorCode } from '../lib/errors.ts'
import type { ChangedMeter, CollectionState, Meter, Reading } from '../wire/types.ts'

type MeterRow = Omit<Meter, 'id' | 'attributes' | 'removedAt' | 'createdAt' | 'updatedAt' | 'lastReading'> & {
  id: string
  lastReading: string | null
  attributes: string
  removedAt: Date | null
  createdAt: Date
  updatedAt: Date
}

/**
 * An SQL expression for `read_at` as ISO 8601 in UTC with milliseconds, like every time on the wire. Other programs can
 * store a time that has no such form, like infinity; that is returned as PostgreSQL writes it.
 */
const readAtAsText = `case
    when read_at >= '0001-01-01 00:00Z' and read_at < '10000-01-01 00:00Z'
    then to_char(read_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    else read_at::text
  end`

/**
 * The newest reading of a meter, of whatever quantity, as a JSON object. `meterId` is a column. The newest one is never older
 * than the noted time of the last reading, so the partitions before that time are not looked at.
 */
const newestReading = (meterId: string) => `(
    select json_build_object('quantity', quantity, 'readAt', ${readAtAsText}, 'value', value, 'unit', r.unit)
    from sync.meter_reading r
    where r.meter_id = ${meterId}
      and read_at >= (select last_read_at from sync.meter_collection where meter_id = ${meterId})
    order by read_at desc, quantity desc
    limit 1
  )`

const meterColumns = `
  id, client_system_id as "clientSystemId", external_id as "externalId", name, serial_number as "serialNumber",
  kind, unit, location, ip_address as "ipAddress", port, attributes::text as attributes, active,
  removed_at as "removedAt", created_at as "createdAt", updated_at as "updatedAt",
  ${newestReading('meter.id')}::text as "lastReading",
  case
    when active then case
      when late_at is null then 'never'
      when silent_at < now() then 'silent'
      when late_at < now() then 'late'
      else 'reporting'
    end
    when late_at >= now() then 'stillReporting'
    else 'quiet'
  end as collection,
  coalesce(
    sync.reading_interval_seconds(attributes),
    (select reading_interval_seconds from sync.client_system where id = client_system_id),
    3600
  ) / 60.0::float8 as "readingIntervalMinutes"`

/** The meters with their collection state. The joined columns do not share a name with a column of `sync.meter`. */
const meters = `
  sync.meter
  left join lateral (
    select late_at, silent_at from sync.meter_collection where meter_id = meter.id
  ) collection on true`

/**
 * The condition of each state. They are separate, so that the planner can find the few silent meters from
 * `sync.meter_collection`.
 */
const inState: Record<CollectionState, string> = {
  reporting: 'active and late_at >= now()',
  late: 'active and late_at < now() and silent_at >= now()',
  silent: 'active and silent_at < now()',
  never: 'active and late_at is null',
  stillReporting: 'not active and late_at >= now()',
  quiet: 'not active and (late_at >= now()) is not true',
}

/** Parses a reading from the JSON that the database builds, so that the value keeps all its digits. */
export function toReading(text: string): Reading {
  return readingOf(parseObject(text))
}

function readingOf({ quantity, readAt, value, unit }: Record<string, unknown>): Reading {
  return { quantity: String(quantity), readAt: String(readAt), value, unit: unit === null ? null : String(unit) }
}

/** What the meter of a change is now, as the text of a JSON object; null where there is no meter. */
export const changedMeter = (meter: string) => `case when ${meter}.id is not null then json_build_object(
    'name', left(${meter}.name, 1000), 'kind', left(${meter}.kind, 1000), 'location', left(${meter}.location, 1000),
    'lastReading', ${newestReading(`${meter}.id`)}
  )::text end`

export function toChangedMeter(text: string | null): ChangedMeter | null {
  if (text === null) return null
  const { name, kind, location, lastReading } = parseObject(text)
  const textOf = (value: unknown) => (typeof value === 'string' ? value : null)
  return {
    name: textOf(name) ?? '',
    kind: textOf(kind),
    location: textOf(location),
    lastReading: typeof lastReading === 'object' && lastReading !== null ? readingOf({ ...lastReading }) : null,
  }
}

function toMeter(row: MeterRow): Meter {
  return {
    ...row,
    id: Number(row.id),
    attributes: parseObject(row.attributes),
    removedAt: row.removedAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    lastReading: row.lastReading === null ? null : toReading(row.lastReading),
  }
}

export type MeterFilter = {
  clientSystemId: string
  /** A case-insensitive literal substring of external id, name or serial number. */
  search: string | null
  state: 'active' | 'inactive' | 'all'
  kind: string | null
  location: string | null
  collection: CollectionState | null
  /** The external id at the end of the previous page; the empty text after a page that had only the exact match. */
  after: string | null
}

/**
 * A page of meters. `total` is the number of meters that match the filter; null on later pages, and when a search matches
 * more than 10,000. `after` is the cursor of the next page.
 */
export type MeterPage = ResultPage<Meter> & { total: number | null; after: string | null }

/** The maximum that is counted for a search. With a million meters, counting all matches takes a second. */
const maxCountedMatches = 10_000

/**
 * Returns a page of at most `limit` meters, ordered by external id. A meter whose external id equals the search text
 * comes first.
 */
export async function listMeters(db: Queryable, filter: MeterFilter, limit: number): Promise<MeterPage> {
  try {
    return await searchMeters(db, filter, limit, needsUnicode(filter.search) ? foldUnicode : fold)
  } catch (error) {
    // The server was built without ICU.
    if (errorCode(error) !== '42704') throw error
    return await searchMeters(db, filter, limit, fold)
  }
}

/** SQL expressions that fold case. The Unicode variant also folds the final sigma, and takes twice the time. */
const fold = (text: string) => `lower(${text})`
const foldUnicode = (text: string) => `replace(lower(${text} collate "und-x-icu"), 'ς', 'σ')`

/** Returns true when a search has characters beyond ASCII, which the collation of the database may not fold. */
function needsUnicode(search: string | null): boolean {
  return /[\u0080-\uffff]/.test(search ?? '')
}

async function searchMeters(
  db: Queryable,
  filter: MeterFilter,
  limit: number,
  foldCase: (text: string) => string,
): Promise<MeterPage> {
  const { clientSystemId, search, state, kind, location, collection, after } = filter
  const contains = (column: string) => `position(${foldCase('$2')} in ${foldCase(column)}) > 0`
  const matching = `
     from ${meters}
     where client_system_id = $1
       and ${collection === null ? 'true' : inState[collection]}
       and ($2::text is null or ${contains('external_id')} or ${contains('name')} or ${contains('serial_number')})
       and ($3::boolean is null or active = $3)
       and ($4::text is null or kind = $4)
       and ($5::text is null or location = $5)`
  const values = [clientSystemId, search, state === 'all' ? null : state === 'active', kind, location]
  const first = after === null
  const [exact, rest] = await Promise.all([
    first && search !== null
      ? db.query<MeterRow>(`select ${meterColumns} ${matching} and external_id = $2`, values)
      : null,
    findPage<MeterRow>(
      db,
      {
        select: `
     select ${meterColumns} ${matching}
       and external_id > coalesce($6, '')
       and external_id is distinct from $2
     order by external_id
     limit $7`,
        order: '"externalId"',
      },
      [...values, after],
      limit,
    ),
  ])
  const found = [...(exact?.rows ?? []), ...rest.items].map(toMeter)
  const items = found.slice(0, limit)
  const more = rest.more || found.length > limit
  const last = items.at(-1)
  return {
    items,
    more,
    total: !first ? null : more ? await countMeters(db, filter, matching, values) : items.length,
    after: last === undefined ? null : first && items.length === 1 && exact?.rows.length === 1 ? '' : last.externalId,
  }
}

/**
 * Counts the meters that match the filter; null for a search with more than `maxCountedMatches`. The numbers of all, active
 * and inactive meters are stored by the last success. With a million meters, other filters take a quarter of a second.
 */
async function countMeters(
  db: Queryable,
  { clientSystemId, search, state, kind, location, collection }: MeterFilter,
  matching: string,
  values: unknown[],
): Promise<number | null> {
  if (search === null && kind === null && location === null && collection === null) {
    const { rows } = await db.query<{ all: number; active: number }>(
      `select meters_total::float8 as all, meters_active::float8 as active from sync.client_system where id = $1`,
      [clientSystemId],
    )
    const { all, active } = rows[0] ?? { all: 0, active: 0 }
    return { all, active, inactive: all - active }[state]
  }
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::float8 as count from (select 1 ${matching} limit $6) matching`,
    [...values, search === null ? null : maxCountedMatches + 1],
  )
  const count = rows[0]?.count ?? 0
  return search !== null && count > maxCountedMatches ? null : count
}

/** Returns a meter by its external id; null when it does not exist. */
export async function findMeterByExternalId(
  db: Queryable,
  clientSystemId: string,
  externalId: string,
): Promise<Meter | null> {
  const { rows } = await db.query<MeterRow>(
    `select ${meterColumns} from ${meters} where client_system_id = $1 and external_id = $2`,
    [clientSystemId, externalId],
  )
  return rows[0] ? toMeter(rows[0]) : null
}

/** Returns a meter of one of these Client Systems by its id; null when it does not exist. */
export async function findMeter(db: Queryable, clientSystemIds: string[], id: number): Promise<Meter | null> {
  const { rows } = await db.query<MeterRow>(
    `select ${meterColumns} from ${meters} where id = $1 and client_system_id = any($2)`,
    [id, clientSystemIds],
  )
  return rows[0] ? toMeter(rows[0]) : null
}
