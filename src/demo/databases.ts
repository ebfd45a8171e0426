import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { z } from 'zod'
import { sqlBeside } from '../db/sql-file.ts'
import { transaction } from '../db/transaction.ts'
import { errorCode } from '../lib/errors.ts'
import { firstDevices, sites } from './devices.ts'
import type { Postgres } from './postgres.ts'
import { PostgresUnavailable } from './postgres-error.ts'
import { addDevices, usualDevices } from './simulation.ts'

/** The roles. Two of them own the database of the same name; `meter_reader` may only read the Client System's tables. */
const roles = ['client_system', 'meter_reader', 'meter_sync'] as const
type Role = (typeof roles)[number]

/** Connection URLs, each for one role. */
export type Databases = {
  /** The Client System, as its owner. */
  clientSystem: string
  /** The Client System, as a role that may only read it. */
  meterReader: string
  /** The Sync database, as its owner. */
  syncDatabase: string
}

/** Creates both databases and their roles unless they exist. Returns their URLs. */
export async function prepareDatabases(postgres: Postgres, directory: string): Promise<Databases> {
  const passwords = loadPasswords(join(directory, 'passwords.json'))
  const server = new pg.Client({ connectionString: postgres.url('postgres') })
  server.on('error', () => undefined)
  await server.connect()
  try {
    for (const role of roles) await prepareRole(server, role, passwords[role])
    for (const database of ['client_system', 'meter_sync'] as const) await prepareDatabase(server, database)
    await server.query('grant connect on database client_system to meter_reader')
  } finally {
    await server.end()
  }
  const url = (role: Role, database: string) =>
    `postgres://${role}:${passwords[role]}@127.0.0.1:${postgres.port}/${database}`
  return {
    clientSystem: url('client_system', 'client_system'),
    meterReader: url('meter_reader', 'client_system'),
    syncDatabase: url('meter_sync', 'meter_sync'),
  }
}

/** Creates the tables, sites and first devices of the Client System in one transaction, unless the tables exist. */
export async function fillClientSystem(clientSystem: pg.Pool): Promise<void> {
  await transaction(clientSystem, async (client) => {
    const { rows } = await client.query(`select to_regclass('device') is not null as yes`)
    if (rows[0]?.yes) return
    await client.query(clientSystemSchema)
    await client.query(
      `insert into site (id, name, street, city)
       select id, name, street, city
       from jsonb_to_recordset($1::jsonb) as s (id integer, name text, street text, city text)`,
      [JSON.stringify(sites)],
    )
    await addDevices(client, firstDevices(usualDevices))
  })
}

const clientSystemSchema = sqlBeside(import.meta.url, 'client-system-schema.sql')

const passwordsShape = z.record(z.enum(roles), z.string().min(1))

/** Returns the passwords of the roles. They are generated once and stored in a file that only its owner may read. */
function loadPasswords(file: string): Record<Role, string> {
  try {
    return passwordsShape.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') {
      throw new PostgresUnavailable(`${file} is not readable; remove it, and the next start creates a new one`, {
        cause: error,
      })
    }
  }
  const generate = () => randomBytes(18).toString('base64url')
  const passwords = { client_system: generate(), meter_reader: generate(), meter_sync: generate() }
  try {
    writeFileSync(file, `${JSON.stringify(passwords, null, 2)}\n`, { mode: 0o600 })
  } catch (cause) {
    throw new PostgresUnavailable(`${file} cannot be written; make its directory writable for this user`, { cause })
  }
  return passwords
}

async function prepareRole(server: pg.Client, role: Role, password: string): Promise<void> {
  const name = server.escapeIdentifier(role)
  const { rowCount } = await server.query('select from pg_roles where rolname = $1', [role])
  if (!rowCount) await server.query(`create role ${name} login`)
  await server.query(`alter role ${name} password ${server.escapeLiteral(password)}`)
}

/** Creates a database that the role of the same name owns. No other role may connect to it. */
async function prepareDatabase(server: pg.Client, owner: 'client_system' | 'meter_sync'): Promise<void> {
  const name = server.escapeIdentifier(owner)
  const { rowCount } = await server.query('select from pg_database where datname = $1', [owner])
  if (!rowCount) await server.query(`create database ${name} owner ${name}`)
  await server.query(`revoke connect, temporary on database ${name} from public`)
}
