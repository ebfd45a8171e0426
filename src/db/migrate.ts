import pg from 'pg'
import type { DatabaseTarget } from '../config/targets.ts'
import { AgentError, ConfigError, errorCode, errorMessage } from '../lib/errors.ts'
import { configureMigration, connectionOptions } from './connect.ts'
import { connectHints } from './connect-hints.ts'
import { applyMigrations, drizzle } from './drizzle.ts'
import { findLastApplied, journalSettings, openJournal, readNewestMigration } from './journal.ts'
import { type LoginObservation, observeLogin } from './login.ts'
import { isTransactionPooled, poolerMessage } from './pooler.ts'
import { compareQueueSchema, migrateQueue } from './queue.ts'

/**
 * Brings the Sync database's schemas, the agent's own and that of its job queue, up to this program. Several processes
 * may do so at once: one does, the others wait. Where nothing is to be done, no right to create anything is needed.
 * Throws ConfigError when a schema is newer than the program, when the encoding is not UTF8, or when migrations are
 * pending and the role may not apply them.
 */
export async function migrate(target: DatabaseTarget): Promise<void> {
  const client = await connectToSyncDatabase(target)
  try {
    await configureMigration(client)
    await requireUtf8(client)
    if (await isTransactionPooled(client, target)) throw new ConfigError([`DATABASE_URL: ${poolerMessage}`])
    await client.query(`select pg_advisory_lock(hashtextextended('meter-sync-agent migrate', 0))`)
    await openJournal(client)
    const newest = readNewestMigration()
    const applied = await findLastApplied(client)
    const queue = await compareQueueSchema(client)
    if (applied > newest || queue === 'newer') {
      throw new ConfigError([
        'DATABASE_URL: the schema of the Sync database is newer than this program; install the newer program',
      ])
    }
    if (applied < newest) await applyMigrations(drizzle(client), journalSettings)
    if (queue !== 'same') await migrateQueue(client)
  } catch (error) {
    if (errorCode(error) !== '42501') throw error
    throw new ConfigError([
      'DATABASE_URL: its role may not migrate the schema; run `meter-sync-agent migrate` once as the owner of the database,' +
        ' and docs/deploy/grants.sql where the agent runs under a role of its own',
    ])
  } finally {
    await client.end()
  }
}

/**
 * For whoever only asks or triggers: throws ConfigError where the schemas are not this program's. A look must not upgrade
 * them under agents that still run.
 */
export async function requireMigrated(target: DatabaseTarget): Promise<void> {
  const client = await connectToSyncDatabase(target)
  try {
    if (await isMigrated(client)) return
  } finally {
    await client.end()
  }
  throw new ConfigError([
    'DATABASE_URL: the schema of the Sync database is not that of this program; start the agent, or run: meter-sync-agent migrate',
  ])
}

/** Connects for a while of its own. Throws AgentError `database_unavailable` with the reason in plain words. */
export async function connectToSyncDatabase(target: DatabaseTarget): Promise<pg.Client> {
  const client = new pg.Client(
    connectionOptions(target, { application: 'meter-sync-agent migrate', connectTimeoutMs: 5_000 }),
  )
  client.on('error', () => undefined)
  const login = observeLogin(client)
  try {
    await client.connect()
  } catch (cause) {
    throw syncConnectError(cause, target, login)
  }
  return client
}

function syncConnectError(cause: unknown, { url }: DatabaseTarget, login: LoginObservation): AgentError {
  const hints = connectHints('DATABASE_URL', url)
  const code = errorCode(cause)
  const foreign = login.otherServer()
  if (foreign !== null) {
    const message = `Cannot connect to the Sync database: ${foreign} answers there, not PostgreSQL`
    return new AgentError('database_unavailable', message, { hint: hints.notPostgres, cause })
  }
  if (code === null && login.passwordMissing()) {
    const message = 'Cannot connect to the Sync database: it asks for a password, and DATABASE_URL has none'
    return new AgentError('database_unavailable', message, { hint: hints.missingPassword, cause })
  }
  const hint = hints.bySqlState(code) ?? 'Check DATABASE_URL, and that its server is up and lets this role in'
  return new AgentError('database_unavailable', `Cannot connect to the Sync database: ${errorMessage(cause)}`, {
    hint,
    cause,
  })
}

export type SchemaState = 'missing' | 'older' | 'same' | 'newer'

/** Returns how the schemas of the Sync database stand to this program. */
export async function findSchemaState(client: Pick<pg.ClientBase, 'query'>): Promise<SchemaState> {
  const newest = readNewestMigration()
  const applied = await findLastApplied(client)
  const queue = await compareQueueSchema(client)
  if (applied > newest || queue === 'newer') return 'newer'
  if (applied === newest && queue === 'same') return 'same'
  return applied === 0 && queue === 'missing' ? 'missing' : 'older'
}

/** True when the schemas are exactly this program's. */
export async function isMigrated(client: Pick<pg.ClientBase, 'query'>): Promise<boolean> {
  return (await findSchemaState(client)) === 'same'
}

async function requireUtf8(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ server_encoding: string }>('show server_encoding')
  const encoding = rows[0]?.server_encoding
  if (encoding !== 'UTF8') {
    throw new ConfigError([`DATABASE_URL: the Sync database's encoding is ${encoding}; create it with encoding UTF8`])
  }
}
