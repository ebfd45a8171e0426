-- The privileges that the role lacks, each as the GRANT that gives it. $1 and $2 pair tables and privileges that the agent needs
-- beside SELECT; $3 lists its tables in the schema sync.
with lacking as (
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
    and (n.nspname = 'pgboss' or n.nspname || '.' || c.relname = any($3::text[]))
    and not case
      when p.privilege = 'delete' then has_table_privilege(c.oid, 'delete')
      else has_any_column_privilege(c.oid, p.privilege)
    end
  group by n.nspname, c.relname
  union all
  select 'execute on function ' || oid::regprocedure, 4
  from pg_proc
  where pronamespace = 'sync'::regnamespace and not has_function_privilege(oid, 'execute')
)
select format('grant %s to %I', "grant", current_user) as "grant"
from lacking
order by at, "grant"
