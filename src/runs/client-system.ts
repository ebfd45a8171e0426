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
 * Records that a run changed meters, in its transaction. Returns true where the run can and must list its changes: `canList` is
 * true, and the list of meters has all earlier changes. Otherwise the list is outdated from the commit of the run on.
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
