-- What the running agent may do in the Sync database: by statement, and by column where not every column is meant. Run it
-- as the owner after the first `meter-sync-agent migrate`, and again after every later one (README.md in this folder):
--   psql -X --set ON_ERROR_STOP=1 --file grants.sql --host=localhost --username=meter_sync_owner --dbname=meter_sync
-- Running it again does no harm, also under a running agent: it is one transaction.
-- To end the session of a frozen worker the agent needs no right: a role may end the sessions of its own.

begin;

-- What an earlier version of this file granted, and to tables to come.
revoke all on all tables in schema sync, pgboss from meter_sync;
alter default privileges in schema sync revoke all on tables from meter_sync;
alter default privileges in schema pgboss revoke all on tables from meter_sync;

grant usage on schema sync, pgboss to meter_sync;
grant select on all tables in schema sync, pgboss to meter_sync;

-- A meter is marked inactive, never deleted. Its id, its external id and its Client System stay what they are.
grant insert on sync.meter to meter_sync;
grant update (
  name, serial_number, kind, unit, location, ip_address, port, attributes, active, removed_at, updated_at, last_run_id,
  id_hash, row_hash
) on sync.meter to meter_sync;
-- A copy for searches and lists.
grant insert, update, delete on sync.meter_listing to meter_sync;

-- Readings are written once and stay. A trigger, which has the rights of the owner, notes in sync.meter_collection when each
-- meter was read; what that table copies of the meters is corrected after a run.
-- Its partitions belong to the owner, in whose name these functions create them and drop those beyond READINGS_DAYS. Without
-- the second one, no reading can ever be removed by the agent; it then logs that, if READINGS_DAYS is set.
grant insert on sync.meter_reading to meter_sync;
grant execute on function sync.create_reading_partition() to meter_sync;
grant execute on function sync.drop_old_readings(integer) to meter_sync;
-- Readings of meters that are not known yet are kept until a run inserts the meter, or for 30 days.
grant insert, delete on sync.waiting_reading to meter_sync;
grant update (active, interval_seconds, late_at, silent_at) on sync.meter_collection to meter_sync;

-- A run is queued, continues, and is deleted when it is older than HISTORY_DAYS, its changes and rejected rows with it. Who
-- asked for it, when and for what stays.
grant insert, delete on sync.run to meter_sync;
grant update (
  status, phase, started_at, finished_at, revision, read, inserted, updated, unchanged, rejected, restored, deleted,
  withheld, withheld_because, withheld_digest, rejected_because, error_code, error_message, error_hint, read_mode, read_reason, proof_rows,
  proof_digest, bytes_read, timings
) on sync.run to meter_sync;

-- What a run changed is written once. It is deleted with its run, and only with it.
grant insert on sync.meter_change to meter_sync;
grant insert, delete on sync.rejected_row to meter_sync;

grant insert (id, name, reading_interval_seconds) on sync.client_system to meter_sync;
grant update (
  name, meters_total, meters_active, source_fingerprint, content_digest, same_meters_as, reading_interval_seconds,
  changed_run_id, listed_run_id
) on sync.client_system to meter_sync;
grant update (value) on sync.revision_counter to meter_sync;
grant insert (client_system_id), update (failing, stale, withheld, withheld_digest, silent, revision) on sync.alert to meter_sync;
grant insert, update (digest, note, kept_by, kept_at), delete on sync.kept_deletions to meter_sync;

-- Tokens are created and revoked by the owner.
grant update (last_used_at) on sync.access_token to meter_sync;
grant insert, delete on sync.login_session to meter_sync;

-- sync.installation and sync.migration are only read.

-- The job queue. Its version is only read; beside it stand the times of its housekeeping.
grant insert, update, delete on pgboss.job, pgboss.job_common to meter_sync;
grant delete on pgboss.job_dependency to meter_sync;
grant insert, update on pgboss.queue to meter_sync;
grant insert, update, delete on pgboss.schedule to meter_sync;
grant update (cron_on, flow_on, reindex_on, monitor_backoff_on) on pgboss.version to meter_sync;

commit;
