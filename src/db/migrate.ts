import type pg from 'pg'
import type { DatabaseTarget } from '../config/targets.ts'
import { ConfigError, errorCode } from '../lib/errors.ts'
import { connectToSyncDatabase, type Queryable } from './connect.ts'
import { applyMigrations, drizzle } from './drizzle.ts'
import { findLastApplied, journalSettings, openJournal, readNewestMigration } from './journal.ts'
import { isTransactionPooled, poolerMessage } from './pooler.ts'
import { compareQueueSchema, migrateQueue } from './queue.ts'
import { createSearchIndex, type MissingSearchIndex } from './search-index.ts'
import { configureMigration } from './session-settings.ts'

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

export type SchemaState = 'missing' | 'older' | 'same' | 'newer'

/** Compares the schemas of the Sync database with those of this program. */
export async function findSchemaState(client: Queryable): Promise<SchemaState> {
  const newest = readNewestMigration()
  const applied = await findLastApplied(client)
  const queue = await compareQueueSchema(client)
  if (applied > newest || queue === 'newer') return 'newer'
  if (applied === newest && queue === 'same') return 'same'
  return applied === 0 && queue === 'missing' ? 'missing' : 'older'
}

/** Returns true when the schemas are exactly those of this program. */
export async function isMigrated(client: Queryable): Promise<boolean> {
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
