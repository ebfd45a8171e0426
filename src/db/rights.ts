import type { Queryable } from './connect.ts'
import { sqlBeside } from './sql-file.ts'

const selectMissingRights = sqlBeside(import.meta.url, 'select-missing-rights.sql')

/**
 * The tables of the agent, with the privileges that it needs in addition to SELECT (docs/deploy/grants.sql). A partition is
 * read and written through its table.
 */
const neededPrivileges: Record<string, readonly string[]> = {
  'sync.meter': ['insert', 'update'],
  'sync.meter_listing': ['insert', 'update', 'delete'],
  'sync.meter_reading': ['insert'],
  'sync.meter_collection': ['update'],
  'sync.waiting_reading': ['insert', 'delete'],
  'sync.meter_change': ['insert'],
  'sync.run': ['insert', 'update', 'delete'],
  'sync.rejected_row': ['insert', 'delete'],
  'sync.client_system': ['insert', 'update'],
  'sync.alert': ['insert', 'update'],
  'sync.kept_deletions': ['insert', 'update', 'delete'],
  'sync.access_token': ['update'],
  'sync.login_session': ['insert', 'delete'],
  'sync.revision_counter': ['update'],
  'sync.installation': [],
  'sync.migration': [],
  'pgboss.job': ['insert', 'update', 'delete'],
  'pgboss.queue': ['insert', 'update'],
  'pgboss.version': ['update'],
  'pgboss.schedule': ['insert', 'update', 'delete'],
}

/**
 * Returns the privileges that the role lacks on an existing schema, each as the GRANT that gives it. A privilege on some
 * columns of a table counts. Other tables in the schema `sync`, such as a partition that was detached and kept, need none.
 */
export async function findMissingRights(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ grant: string }>(selectMissingRights, [
    Object.entries(neededPrivileges).flatMap(([name, privileges]) => privileges.map(() => name)),
    Object.values(neededPrivileges).flat(),
    Object.keys(neededPrivileges),
  ])
  return rows.map(({ grant }) => grant)
}

/** Returns the privileges that the role lacks to create the schema, each as the GRANT that gives it. */
export async function findMissingRightsToCreate(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ grant: string }>(
    `select format('grant %s on database %I to %I', privilege, current_database(), current_user) as grant
     from unnest(array['create', 'temporary']) privilege
     where not has_database_privilege(current_database(), privilege)`,
  )
  return rows.map(({ grant }) => grant)
}
