import type { ClientSystem } from '../config/environment.ts'
import type { Queryable } from '../db/connect.ts'

/** Creates the row of a configured Client System, or stores what has changed of it. */
export async function registerClientSystem(
  db: Queryable,
  { id, name, readingIntervalMs }: Pick<ClientSystem, 'id' | 'name' | 'readingIntervalMs'>,
): Promise<void> {
  await db.query(
    `insert into sync.client_system as c (id, name, reading_interval_seconds) values ($1, $2, $3)
     on conflict (id) do update set name = excluded.name, reading_interval_seconds = excluded.reading_interval_seconds
     where (c.name, c.reading_interval_seconds) <> (excluded.name, excluded.reading_interval_seconds)`,
    [id, name, readingIntervalMs / 1_000],
  )
}

/** What a successful run stores of a Client System for the next run. */
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
  /** The error code of the previous run if it failed during an incremental read; otherwise null. */
  error: string | null
  /** The number of rows that the last success rejected. */
  rejected: number
  /** The number of meters that the last success changed; 0 after a first load. */
  changed: number
  /** The seed of the hashes of rows (schema.ts, `installation`). */
  salt: bigint
  /** False when no successful run has read every meter since the last `quietHour` in the time zone of the schedule. */
  fullToday: boolean
}

/** The first run after this hour of the night reads every meter. */
const quietHour = 2

/**
 * Returns the day of a time in a time zone, as text that sorts by time; a day begins at the quiet hour. PostgreSQL cannot
 * compute it: it may lack a zone that Node.js has, and it reads an offset such as +02:00 with the opposite sign.
 */
function dayOf(milliseconds: number, timeZone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone }).format(milliseconds - quietHour * 3_600_000)
}

/** Returns the baseline of a Client System; zeros and nulls before its first success. */
export async function findBaseline(
  db: Queryable,
  { id: clientSystemId, schedule }: Pick<ClientSystem, 'id' | 'schedule'>,
): Promise<StoredBaseline> {
  const { rows } = await db.query<{
    total: string | null
    active: string | null
    content: string | null
    fingerprint: string | null
    sameMetersAs: string | null
    error: string | null
    rejected: string | null
    changed: string | null
    salt: string
    now: number
    lastFull: number | null
  }>(
    `select c.meters_total as total, c.meters_active as active, c.content_digest as content, c.source_fingerprint as fingerprint,
       c.same_meters_as as "sameMetersAs",
       (
         select case when read_mode = 'narrow' then error_code end from sync.run
         where client_system_id = $1 and finished_at is not null
         order by revision desc
         limit 1
       ) as error,
       last.rejected,
       last.changed,
       (
         select extract(epoch from finished_at)::float8 * 1000 from sync.run
         where client_system_id = $1 and status = 'succeeded' and read_mode = 'full'
         order by revision desc
         limit 1
       ) as "lastFull",
       extract(epoch from now())::float8 * 1000 as now,
       i.hash_salt as salt
     from sync.installation i
     left join sync.client_system c on c.id = $1
     left join lateral (
       select rejected, case when unchanged > 0 then inserted + updated + deleted end as changed
       from sync.run
       where client_system_id = $1 and status = 'succeeded'
       order by revision desc
       limit 1
     ) last on true`,
    [clientSystemId],
  )
  const [row] = rows
  if (!row) throw new Error('sync.installation has no row; restore it from a backup, or insert a random hash_salt')
  const { fingerprint, sameMetersAs, error, now, lastFull } = row
  const today = dayOf(now, schedule.timeZone)
  return {
    meters: { total: Number(row.total ?? 0), active: Number(row.active ?? 0) },
    content: BigInt(row.content ?? 0),
    fingerprint,
    sameMetersAs,
    error,
    rejected: Number(row.rejected ?? 0),
    changed: Number(row.changed ?? 0),
    salt: BigInt(row.salt),
    fullToday: lastFull !== null && dayOf(lastFull, schedule.timeZone) >= today,
  }
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

/**
 * Records that a run changed meters, in its transaction. Returns true where the list of meters is up to date otherwise, and
 * `canList` says that the run brings it up to its changes; else the list is outdated from its commit on.
 */
export async function markChanged(
  db: Queryable,
  { id, clientSystemId }: { id: string; clientSystemId: string },
  canList: boolean,
): Promise<boolean> {
  const { rows } = await db.query<{ listed: boolean }>(
    `update sync.client_system
     set
       changed_run_id = $2,
       listed_run_id = case when $3 and listed_run_id = changed_run_id then $2 else listed_run_id end
     where id = $1
     returning listed_run_id = $2 as listed`,
    [clientSystemId, id, canList],
  )
  return rows[0]?.listed ?? false
}

/** Returns the last run that changed meters, where the list of meters does not have all its changes; otherwise null. */
export async function findUnlisted(db: Queryable, clientSystemId: string): Promise<string | null> {
  const { rows } = await db.query<{ id: string | null }>(
    `select changed_run_id as id from sync.client_system where id = $1 and changed_run_id is distinct from listed_run_id`,
    [clientSystemId],
  )
  return rows[0]?.id ?? null
}

/** Records that the list has what this run changed, unless a later one changed meters meanwhile. */
export async function markListed(db: Queryable, clientSystemId: string, runId: string): Promise<void> {
  await db.query('update sync.client_system set listed_run_id = $2 where id = $1 and changed_run_id = $2', [
    clientSystemId,
    runId,
  ])
}
