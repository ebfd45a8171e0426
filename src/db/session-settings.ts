import type pg from 'pg'

/**
 * Settings that change how a value is written as text. Every session of the Sync database sets them, because a role or a
 * database may have other defaults: `DateStyle = SQL, DMY` would swap days and months.
 */
export const textSettings = {
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '1',
  bytea_output: 'hex',
  standard_conforming_strings: 'on',
}

/**
 * Settings by which a server ends a session soon after its client has disappeared. With its defaults it would notice that
 * after two hours.
 */
export const lostClientSettings = {
  client_connection_check_interval: '500ms',
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
}

/** Settings of every session of the Sync database. */
export const sessionSettings = {
  ...textSettings,
  ...lostClientSettings,
  // Keepalives are not sent while data is transferred; the default would be 15 minutes.
  tcp_user_timeout: '30s',
}

/** Sets up a new connection of pg-boss's pool. */
export async function configureQueueConnection(client: pg.ClientBase): Promise<void> {
  await configure(client, sessionSettings)
}

/** Sets up the connection that migrates. The timeouts of its role are disabled, so that they cannot interrupt a migration. */
export async function configureMigration(client: pg.ClientBase): Promise<void> {
  await configure(client, {
    ...textSettings,
    statement_timeout: '0',
    lock_timeout: '10s',
    idle_in_transaction_session_timeout: '0',
    transaction_timeout: '0',
  })
}

/** An SQL condition that leaves out a setting of `pg_settings s` that servers on Windows list but cannot set. */
export const settableCondition = `not (s.name = 'client_connection_check_interval' and version() ~* 'windows|visual c|mingw|msvc')`

/** Sets those of the settings that this server knows. Older servers lack some of them. */
export async function configure(client: pg.ClientBase, settings: Record<string, string>): Promise<void> {
  const setting = {
    text: `select set_config(s.name, v.value, false)
     from unnest($1::text[], $2::text[]) v(name, value)
     join pg_settings s on s.name = v.name
     where ${settableCondition}`,
    values: [Object.keys(settings), Object.values(settings)],
    query_timeout: 4_000,
  }
  await client.query(setting)
}
