import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ConfigError } from '../lib/errors.ts'
import type { Queryable } from './connect.ts'
import { readMigrations } from './drizzle.ts'

/**
 * Settings that keep the journal of applied migrations in `sync.migration`. The default of the query builder,
 * `drizzle.__drizzle_migrations`, is shared by all applications of a database, which would mix up their entries.
 */
export const journalSettings = {
  migrationsFolder: fileURLToPath(new URL('../../drizzle', import.meta.url)),
  migrationsSchema: 'sync',
  migrationsTable: 'migration',
}

/** Returns when the newest migration of this program was created, in milliseconds. This is the version of the schema. */
export function readNewestMigration(): number {
  const file = new URL('../../drizzle/meta/_journal.json', import.meta.url)
  const { entries }: { entries: { when: number }[] } = JSON.parse(readFileSync(file, 'utf8'))
  return Math.max(...entries.map((entry) => entry.when))
}

/** Returns the version of the newest migration that was applied to the database; 0 when none was. */
export async function findLastApplied(db: Queryable): Promise<number> {
  const exists = await db.query<{ yes: boolean }>(`select to_regclass('sync.migration') is not null as yes`)
  if (!exists.rows[0]?.yes) return 0
  const { rows } = await db.query<{ newest: string }>(
    'select coalesce(max(created_at), 0) as newest from sync.migration',
  )
  return Number(rows[0]?.newest ?? 0)
}

/**
 * Moves the entries that an earlier version of this program wrote to `drizzle.__drizzle_migrations` into the journal.
 * Entries of other applications stay there; the table and the schema are dropped when nothing else is in them. Does
 * nothing when the journal has entries. Throws ConfigError when the schema `sync` has relations but no journal, because
 * it then belongs to another program.
 */
export async function openJournal(db: Queryable): Promise<void> {
  if ((await findLastApplied(db)) > 0) return
  const relations = await countRelations(db, 'sync')
  const entries = relations > 0 ? await findEarlierEntries(db) : []
  if (entries.length > 0) return await moveEntries(db, entries)
  const journal = await db.query(`select from pg_class where oid = to_regclass('sync.migration')`)
  if (relations > 0 && journal.rows.length === 0) {
    throw new ConfigError([
      'DATABASE_URL: the database has a schema named sync that belongs to another program; use a separate database, or rename that schema',
    ])
  }
}

async function countRelations(db: Queryable, schema: string): Promise<number> {
  const { rows } = await db.query<{ count: string }>(
    `select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1`,
    [schema],
  )
  return Number(rows[0]?.count)
}

/**
 * Returns the times of the entries with the times of this program's migrations; none unless the hash of one is that of a
 * migration, because another application wrote them.
 */
async function findEarlierEntries(db: Queryable): Promise<string[]> {
  const readable = await db.query(
    `select from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'drizzle' and c.relname = '__drizzle_migrations'
       and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')`,
  )
  if (readable.rows.length === 0) return []
  const migrations = readMigrations(journalSettings)
  const { rows } = await db.query<{ hash: string; created_at: string }>(
    'select hash, created_at from drizzle.__drizzle_migrations where created_at = any($1::bigint[])',
    [migrations.map(({ folderMillis }) => folderMillis)],
  )
  const hashes = new Set(migrations.map(({ hash }) => hash))
  return rows.some(({ hash }) => hashes.has(hash)) ? rows.map((row) => row.created_at) : []
}

async function moveEntries(db: Queryable, entries: string[]): Promise<void> {
  await db.query('begin')
  await db.query(
    'create table if not exists sync.migration (id serial primary key, hash text not null, created_at bigint)',
  )
  await db.query(
    `with moved as (
       delete from drizzle.__drizzle_migrations where created_at = any($1::bigint[])
       returning hash, created_at
     )
     insert into sync.migration (hash, created_at)
     select hash, created_at from moved order by created_at`,
    [entries],
  )
  const others = await db.query('select from drizzle.__drizzle_migrations limit 1')
  if (others.rows.length === 0) {
    await db.query('drop table drizzle.__drizzle_migrations')
    if ((await countRelations(db, 'drizzle')) === 0) await db.query('drop schema drizzle')
  }
  await db.query('commit')
}
