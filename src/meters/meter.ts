import type { Queryable } from '../db/connect.ts'
import { parseObject } from '../db/json.ts'
import type { Meter, Reading } from '../wire/types.ts'

export type MeterRow = Omit<Meter, 'id' | 'attributes' | 'removedAt' | 'createdAt' | 'updatedAt' | 'lastReading'> & {
  id: string
  lastReading: string | null
  attributes: string
  removedAt: Date | null
  createdAt: Date
  updatedAt: Date
}

/**
 * The SQL expression for `read_at` as ISO 8601 in UTC with milliseconds, like every time on the wire. Other programs can
 * store a time without such a form, like infinity. It is returned as PostgreSQL writes it.
 */
const readAtAsText = `case
    when read_at >= '0001-01-01 00:00Z' and read_at < '10000-01-01 00:00Z'
    then to_char(read_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    else read_at::text
  end`

/**
 * Returns an SQL expression for the newest reading of a meter of any quantity, as a JSON object. `meterId` is a column. The
 * newest reading is never older than `last_read_at`, so earlier partitions are not read.
 */
export const newestReading = (meterId: string) => `(
    select json_build_object('quantity', quantity, 'readAt', ${readAtAsText}, 'value', value, 'unit', r.unit)
    from sync.meter_reading r
    where r.meter_id = ${meterId}
      and read_at >= (select last_read_at from sync.meter_collection where meter_id = ${meterId})
    order by read_at desc, quantity desc
    limit 1
  )`

/** Returns an SQL expression for the state of a meter's collection, from `late_at`, `silent_at` and whether it is `active`. */
const collectionState = (active: string) => `case
    when ${active} then case
      when late_at is null then 'never'
      when silent_at < now() then 'silent'
      when late_at < now() then 'late'
      else 'reporting'
    end
    when late_at >= now() then 'stillReporting'
    else 'quiet'
  end`

/** The columns of a `MeterRow`, selected from `metersWithCollection`. */
export const meterColumns = `
  id, client_system_id as "clientSystemId", external_id as "externalId", name, serial_number as "serialNumber",
  kind, unit, location, ip_address as "ipAddress", port, attributes::text as attributes, active,
  removed_at as "removedAt", created_at as "createdAt", updated_at as "updatedAt",
  ${newestReading('meter.id')}::text as "lastReading",
  ${collectionState('active')} as collection,
  coalesce(
    sync.reading_interval_seconds(attributes),
    (select reading_interval_seconds from sync.client_system where id = client_system_id),
    3600
  ) / 60.0::float8 as "readingIntervalMinutes"`

/** The meters with their collection state. The joined columns do not share a name with a column of `sync.meter`. */
export const metersWithCollection = `
  sync.meter
  left join lateral (
    select late_at, silent_at from sync.meter_collection where meter_id = meter.id
  ) collection on true`

/** Parses a reading from the JSON that the database builds, so that the value keeps all its digits. */
export function toReading(text: string): Reading {
  return readingOf(parseObject(text))
}

export function readingOf({ quantity, readAt, value, unit }: Record<string, unknown>): Reading {
  return { quantity: String(quantity), readAt: String(readAt), value, unit: unit === null ? null : String(unit) }
}

export function toMeter(row: MeterRow): Meter {
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

/** Returns a meter by its external id; null when it does not exist. */
export async function findMeterByExternalId(
  db: Queryable,
  clientSystemId: string,
  externalId: string,
): Promise<Meter | null> {
  const { rows } = await db.query<MeterRow>(
    `select ${meterColumns} from ${metersWithCollection} where client_system_id = $1 and external_id = $2`,
    [clientSystemId, externalId],
  )
  return rows[0] ? toMeter(rows[0]) : null
}

/** Returns a meter of one of these Client Systems by its id; null when it does not exist. */
export async function findMeter(db: Queryable, clientSystemIds: string[], id: number): Promise<Meter | null> {
  const { rows } = await db.query<MeterRow>(
    `select ${meterColumns} from ${metersWithCollection} where id = $1 and client_system_id = any($2)`,
    [id, clientSystemIds],
  )
  return rows[0] ? toMeter(rows[0]) : null
}
