import type { ClientSystem } from '../config/environment.ts'
import type { Queryable } from '../db/connect.ts'

/** Creates the row of a configured Client System, or updates its name and interval of readings. */
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

/**
 * Records in a run's transaction that it changed meters. Returns true when the run must now update the list of meters: it can
 * (`canUpdate`), and the list has all earlier changes. Otherwise the list is outdated from the run's commit on.
 */
export async function markChanged(
  db: Queryable,
  { id, clientSystemId }: { id: string; clientSystemId: string },
  canUpdate: boolean,
): Promise<boolean> {
  const { rows } = await db.query<{ listed: boolean }>(
    `update sync.client_system
     set
       changed_run_id = $2,
       listed_run_id = case when $3 and listed_run_id = changed_run_id then $2 else listed_run_id end
     where id = $1
     returning listed_run_id = $2 as listed`,
    [clientSystemId, id, canUpdate],
  )
  return rows[0]?.listed ?? false
}

/** Returns the last run that changed meters while the list of meters is outdated; null when the list is up to date. */
export async function findUnlistedRun(db: Queryable, clientSystemId: string): Promise<string | null> {
  const { rows } = await db.query<{ id: string | null }>(
    `select changed_run_id as id from sync.client_system where id = $1 and changed_run_id is distinct from listed_run_id`,
    [clientSystemId],
  )
  return rows[0]?.id ?? null
}

/** Records that the list is up to date after this run, unless a later run has changed meters meanwhile. */
export async function markListed(db: Queryable, clientSystemId: string, runId: string): Promise<void> {
  await db.query('update sync.client_system set listed_run_id = $2 where id = $1 and changed_run_id = $2', [
    clientSystemId,
    runId,
  ])
}
