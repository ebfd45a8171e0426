import type { TestContext } from 'node:test'
import { createWorld, type Database, eventually } from './world.ts'

/** Creates the table of a Client System with `count` meters. */
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
 * Creates a gate that stops the query of a run: the query waits for an advisory lock that the gate holds. Set
 * CLIENT_SYSTEM_QUERY to `query`.
 */
export async function createGate(source: Database) {
  await source.query(`
    create function gate() returns boolean language sql volatile as
    'select pg_advisory_xact_lock_shared(4711) is not null'`)
  /** Returns how many runs wait at the closed gate. */
  const countWaiting = async () => {
    const rows = await source.query(`
      select from pg_locks where locktype = 'advisory' and objid = 4711 and not granted
        and database = (select oid from pg_database where datname = current_database())`)
    return rows.length
  }
  return {
    query: 'select m.* from meter m where (select gate())',
    /** Closes the gate until the returned function is called. */
    close: () => source.hold('select pg_advisory_lock(4711)'),
    countWaiting,
    /** Waits until a run waits at the closed gate. */
    untilReached: () => eventually(async () => (await countWaiting()) > 0),
    /** Waits until no run waits at the gate. */
    untilLeft: () => eventually(async () => (await countWaiting()) === 0),
  }
}

/** Creates a Client System of three meters with a gate, and the setting of an agent whose runs wait at it. */
export async function createGatedWorld(t: TestContext) {
  const world = await createWorld(t)
  await createMeters(world.source)
  const gate = await createGate(world.source)
  return { world, gate, environment: { CLIENT_SYSTEM_QUERY: gate.query } }
}
