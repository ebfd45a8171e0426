import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { applyMigrations, drizzle } from '../../src/db/drizzle.ts'
import { journalSettings } from '../../src/db/journal.ts'
import type { Database } from './world.ts'

/** Replaces the schema of a Sync database by an empty one of an older version: that with the migrations up to `last`. */
export async function installOlder(database: Database, last: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'meter-sync-older-'))
  const client = new pg.Client(database.url)
  try {
    cpSync(journalSettings.migrationsFolder, folder, { recursive: true })
    const file = join(folder, 'meta/_journal.json')
    const journal: { entries: { tag: string }[] } = JSON.parse(readFileSync(file, 'utf8'))
    const end = journal.entries.findIndex(({ tag }) => tag === last) + 1
    writeFileSync(file, JSON.stringify({ ...journal, entries: journal.entries.slice(0, end) }))
    await client.connect()
    await client.query('drop schema sync cascade')
    await applyMigrations(drizzle(client), { ...journalSettings, migrationsFolder: folder })
  } finally {
    await client.end()
    rmSync(folder, { recursive: true })
  }
}
