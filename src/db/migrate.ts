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
import { createSearchIndex, type MissingSearchIndex } from './search-index.ts'

/**
 * Migrates the schemas of the Sync database, `sync` and that of the job queue, to the versions of this program. Several
 * processes may call this at once: one migrates while the others wait. When nothing is to be done, no right to create
 * anything is needed. Throws ConfigError when a schema is newer than the program, when the encoding is not UTF8, or when
 * migrations are pending and the role may not apply them. Returns why searches have no index, if so.
 */
export async function migrate(target: DatabaseTarget): Promise<MissingSearchIndex | null> {
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
    return await createSearchIndex(client)
  } catch (error) {
    if (errorCode(error) !== '42501') throw error
    throw new ConfigError([
      'DATABASE_URL: the role may not migrate the schema; run `meter-sync-agent migrate` once as the owner of the database,' +
        ' then docs/deploy/grants.sql if the agent has a role of its own',
    ])
  } finally {
    await client.end()
  }
}

/**
 * Throws ConfigError when the schemas are not those of this program. For commands that only read or trigger: they must not
 * migrate the schema while older agents run.
 */
export async function requireMigrated(target: DatabaseTarget): Promise<void> {
  const client = await connectToSyncDatabase(target)
  try {
    if (await isMigrated(client)) return
  } finally {
    await client.end()
  }
  throw new ConfigError([
    'DATABASE_URL: the schema of the Sync database is of another version than this program; start the agent, or run: meter-sync-agent migrate',
  ])
}

/** Opens a connection outside any pool; the caller closes it. Throws AgentError `database_unavailable` with the reason. */
export async function connectToSyncDatabase(target: DatabaseTarget): Promise<pg.Client> {
  const client = new pg.Client(
    connectionOptions(target, { application: 'meter-sync-agent migrate', connectTimeoutMs: 5_000 }),
  )
  client.on('error', () => undefined)
  const login = observeLogin(client)
  try {
    await client.connect()
  } catch (cause) {
    throw toConnectError(cause, target, login)
  }
  return client
}

/** Returns the error for a connection to the Sync database that could not be opened. */
function toConnectError(cause: unknown, { url }: DatabaseTarget, login: LoginObservation): AgentError {
  const hints = connectHints('DATABASE_URL', url)
  const code = errorCode(cause)
  const foreign = login.otherServer()
  if (foreign !== null) {
    const message = `Cannot connect to the Sync database: ${foreign} answers there, not PostgreSQL`
    return new AgentError('database_unavailable', message, { hint: hints.notPostgres, cause })
  }
  if (code === null && login.passwordMissing()) {
    const message = 'Cannot connect to the Sync database: it requires a password, and DATABASE_URL has none'
    return new AgentError('database_unavailable', message, { hint: hints.missingPassword, cause })
  }
  const hint = hints.bySqlState(code) ?? 'Check DATABASE_URL, that its server is running, and that this role may log in'
  return new AgentError('database_unavailable', `Cannot connect to the Sync database: ${errorMessage(cause)}`, {
    hint,
    cause,
  })
}

export type SchemaState = 'missing' | 'older' | 'same' | 'newer'

/** Compares the schemas of the Sync database with those of this program. */
export async function findSchemaState(client: Pick<pg.ClientBase, 'query'>): Promise<SchemaState> {
  const newest = readNewestMigration()
  const applied = await findLastApplied(client)
  const queue = await compareQueueSchema(client)
  if (applied > newest || queue === 'newer') return 'newer'
  if (applied === newest && queue === 'same') return 'same'
  return applied === 0 && queue === 'missing' ? 'missing' : 'older'
}

/** Returns true when the schemas are exactly those of this program. */
export async function isMigrated(client: Pick<pg.ClientBase, 'query'>): Promise<boolean> {
  return (await findSchemaState(client)) === 'same'
}

async function requireUtf8(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ server_encoding: string }>('show server_encoding')
  const encoding = rows[0]?.server_encoding
  if (encoding !== 'UTF8') {
    throw new ConfigError([
      `DATABASE_URL: the encoding of the Sync database is ${encoding}; create it with encoding UTF8`,
    ])
  }
}
