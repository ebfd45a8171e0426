-- Finds the triggers and rules on sync.meter, which can store other values than the run writes.
select string_agg(name, ', ' order by name) as names
from (
  select 'trigger ' || tgname as name
  from pg_trigger
  where tgrelid = 'sync.meter'::regclass and not tgisinternal and tgenabled <> 'D'
  union all
  select 'rule ' || rulename
  from pg_rules
  where schemaname = 'sync' and tablename = 'meter'
) found
