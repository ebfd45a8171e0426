import type { Database } from './world.ts'

/** A Client System with `count` meters of a few kinds of columns. */
export async function createMeters(source: Database, count = 3): Promise<void> {
  await source.query(`
    create table meter (
      external_id bigint primary key, name text, serial_number text, kind text, unit text, location text,
      ip_address inet, port integer, active boolean, multiplier numeric
    )`)
  await source.query(
    `insert into meter
     select id, 'Meter ' || id, 'S' || id, 'electricity', 'kWh', 'Hall ' || id % 7, ('10.0.0.' || id % 250)::inet, 502, true, 1.50
     from generate_series(1, $1::int) id`,
    [count],
  )
}

/**
 * Makes the Client System answer only when it is let go: its query waits for an advisory lock that this holds.
 * `query` is what to set CLIENT_SYSTEM_QUERY to.
 */
export async function createGate(source: Database) {
  await source.query(`
    create function gate() returns boolean language sql volatile as
    'select pg_advisory_xact_lock_shared(4711) is not null'`)
  return {
    query: 'select m.* from meter m where (select gate())',
    /** Closes the gate until the returned function is called. */
    close: () => source.hold('select pg_advisory_lock(4711)'),
    /** Waits until a run stands before the closed gate. */
    reached: `select 1 from pg_locks where locktype = 'advisory' and objid = 4711 and not granted
      and database = (select oid from pg_database where datname = current_database())`,
  }
}
