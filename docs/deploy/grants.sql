-- What the running agent may do in the Sync database. Run it as the owner, after the first `meter-sync-agent migrate`:
--   psql -X --set ON_ERROR_STOP=1 --file grants.sql 'postgres://meter_sync_owner@localhost/meter_sync'
-- Running it again does no harm. Later migrations need it no more: the last lines cover the tables to come.
-- To end the session of a frozen worker the agent needs no right: a role may end the sessions of its own.

begin;

grant usage on schema sync, pgboss, drizzle to meter_sync;

-- Which migrations were applied.
grant select on all tables in schema drizzle to meter_sync;

grant select, insert, update, delete on all tables in schema sync to meter_sync;
grant select, insert, update, delete on all tables in schema pgboss to meter_sync;

-- A meter is marked inactive, never deleted. Readings are written once and stay.
revoke delete on sync.meter from meter_sync;
revoke update, delete on sync.meter_reading from meter_sync;

-- Without its row the agent could not go on.
revoke insert, delete on sync.revision_counter from meter_sync;
revoke insert, update, delete on sync.installation from meter_sync;

alter default privileges in schema sync grant select, insert, update, delete on tables to meter_sync;
alter default privileges in schema pgboss grant select, insert, update, delete on tables to meter_sync;

commit;
