import type { ClientSystem } from '../config/environment.ts'
import type { Queryable } from '../db/connect.ts'
import { sqlBeside } from '../db/sql-file.ts'
import type { Run } from '../wire/types.ts'

const selectBaseline = sqlBeside(import.meta.url, 'select-baseline.sql')

/** The state of a Client System after a successful run, as it is stored for the next run. */
export type Baseline = {
  meters: { total: number; active: number }
  /** The xor of `whole_hash` over the present meters. When it differs, another program has changed the meters. */
  content: bigint
  /** Identifies the server, query and columns that were read (describe.ts); null before the first success. */
  fingerprint: string | null
  /** The id of an older Client System that has the same meters (same-meters.ts). */
  sameMetersAs: string | null
}

/** The baseline of the last success, with what else decides how the next run reads. */
export type StoredBaseline = Baseline & {
  /** The error of the previous run, and how it read the source; null when it succeeded. */
  failure: { error: string; readMode: Run['readMode'] } | null
  /** The number of rows that the last success rejected. */
  rejected: number
  /** The number of meters that the last success changed; 0 after a first load. */
  changed: number
  /** The seed of the hashes of rows (schema.ts, `installation`). */
  salt: bigint
  /** False when no successful run has read every meter since the last `quietHour` in the time zone of the schedule. */
  fullToday: boolean
}

type BaselineRow = {
  total: string | null
  active: string | null
  content: string | null
  fingerprint: string | null
  sameMetersAs: string | null
  error: string | null
  readMode: Run['readMode']
  rejected: string | null
  changed: string | null
  salt: string
  nowMs: number
  lastFullMs: number | null
}

/** Returns the baseline of a Client System; zeros and nulls before its first success. */
export async function findBaseline(
  db: Queryable,
  { id, schedule }: Pick<ClientSystem, 'id' | 'schedule'>,
): Promise<StoredBaseline> {
  const { rows } = await db.query<BaselineRow>(selectBaseline, [id])
  const [row] = rows
  if (!row) throw new Error('sync.installation has no row; restore it from a backup, or insert a random hash_salt')
  const { fingerprint, sameMetersAs, error, readMode, nowMs, lastFullMs } = row
  return {
    meters: { total: Number(row.total ?? 0), active: Number(row.active ?? 0) },
    content: BigInt(row.content ?? 0),
    fingerprint,
    sameMetersAs,
    failure: error === null ? null : { error, readMode },
    rejected: Number(row.rejected ?? 0),
    changed: Number(row.changed ?? 0),
    salt: BigInt(row.salt),
    fullToday: lastFullMs !== null && dayOf(lastFullMs, schedule.timeZone) >= dayOf(nowMs, schedule.timeZone),
  }
}

/** The first run after this hour of the night reads every meter. */
const quietHour = 2

/**
 * Returns the day of a time in a time zone, as text that sorts by time; a day begins at the quiet hour. PostgreSQL cannot
 * compute it: it may lack a zone that Node.js has, and it reads an offset such as +02:00 with the opposite sign.
 */
function dayOf(timeMs: number, timeZone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone }).format(timeMs - quietHour * 3_600_000)
}

/** Stores the baseline of a run that succeeds, in its transaction. */
export async function saveBaseline(db: Queryable, clientSystemId: string, baseline: Baseline): Promise<void> {
  const { meters, content, fingerprint, sameMetersAs } = baseline
  await db.query(
    `update sync.client_system
     set meters_total = $2, meters_active = $3, content_digest = $4, source_fingerprint = $5, same_meters_as = $6
     where id = $1`,
    [clientSystemId, meters.total, meters.active, content.toString(), fingerprint, sameMetersAs],
  )
}
