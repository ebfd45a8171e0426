-- The Sync database and its two roles. Run it once, as a superuser of that server:
--   psql -X --set ON_ERROR_STOP=1 --file roles.sql postgres
-- No password is in here. Set both afterwards, in psql:
--   \password meter_sync_owner
--   \password meter_sync

-- Owns the database and its schemas, and migrates them. Only `meter-sync-agent migrate` and grants.sql log in as this one.
create role meter_sync_owner login;

-- The running agent. It owns nothing and can create nothing but temporary tables.
create role meter_sync login;

create database meter_sync owner meter_sync_owner encoding 'UTF8' template template0;

-- No other role may connect.
revoke all on database meter_sync from public;
grant connect, temporary on database meter_sync to meter_sync;
