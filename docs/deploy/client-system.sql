-- A role on the Client System that can read the meters, and nothing else. Run it in the Client System's database, as the
-- owner of its tables:
--   psql -X --set ON_ERROR_STOP=1 --file client-system.sql utility
-- No password is in here. Set it afterwards, in psql:
--   \password meter_reader

create role meter_reader login;

-- The agent always reads in a read-only transaction. This protects against other uses of the role.
alter role meter_reader set default_transaction_read_only = on;

grant usage on schema public to meter_reader;

-- Name every table and view that CLIENT_SYSTEM_QUERY reads.
grant select on meter to meter_reader;
