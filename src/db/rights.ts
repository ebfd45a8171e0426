import type { Queryable } from './connect.ts'

/**
 * The tables of the agent, with the privileges that it needs in addition to SELECT (docs/deploy/grants.sql). A partition is
 * read and written through its table.
 */
const needed: Record<string, readonly string[]> = {
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
  const { rows } = await db.query<{ grant: string }>(
    `with lacking as (
       select 'usage on schema ' || nspname as "grant", 1 as at
       from pg_namespace
       where nspname in ('sync', 'pgboss') and not has_schema_privilege(oid, 'usage')
       union all
       select 'temporary on database ' || quote_ident(current_database()), 2
       where not has_database_privilege(current_database(), 'temporary')
       union all
       select string_agg(p.privilege, ', ' order by p.at) || ' on ' || n.nspname || '.' || c.relname, 3
       from pg_class c
       join pg_namespace n on n.oid = c.relnamespace
       cross join lateral (
         select 'select' as privilege, 0 as at
         union all
         select privilege, at from unnest($1::text[], $2::text[]) with ordinality p(name, privilege, at)
         where name = n.nspname || '.' || c.relname
       ) p
       where n.nspname in ('sync', 'pgboss') and c.relkind in ('r', 'p')
         and (n.nspname = 'pgboss' or n.nspname || '.' || c.relname = any($3::text[])) and not case when p.privilege = 'delete'
         then has_table_privilege(c.oid, 'delete')
         else has_any_column_privilege(c.oid, p.privilege) end
       group by n.nspname, c.relname
       union all
       select 'execute on function ' || oid::regprocedure, 4
       from pg_proc
       where pronamespace = 'sync'::regnamespace and not has_function_privilege(oid, 'execute')
     )
     select format('grant %s to %I', "grant", current_user) as grant from lacking order by at, "grant"`,
    [
      Object.entries(needed).flatMap(([name, privileges]) => privileges.map(() => name)),
      Object.values(needed).flat(),
      Object.keys(needed),
    ],
  )
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
