import { createRequire } from 'node:module'
import { type Db, getConstructionPlans, getMigrationPlans } from 'pg-boss'
import type { Queryable } from './connect.ts'

/** The schema that pg-boss keeps for itself. */
export const queueSchema = 'pgboss'

/** The queue of a Client System's runs: one job a run, of the same id. */
export function runQueue(clientSystemId: string): string {
  return `meter-sync.${clientSystemId}`
}

/** A connection of ours as pg-boss wants it: its statement joins our transaction. */
export function queueDbFor(client: Queryable): Db {
  return { executeSql: (text, values = []) => client.query(text, values) }
}

/** The version of that schema which the installed pg-boss works with; its package tells, its code does not. */
const expected: number = createRequire(import.meta.url)('pg-boss/package.json').pgboss.schema

/** How the schema of the job queue stands to this program. */
export async function compareQueueSchema(db: Queryable): Promise<'missing' | 'older' | 'same' | 'newer'> {
  const table = await db.query(`select to_regclass('${queueSchema}.version') is not null as yes`)
  if (!table.rows[0]?.yes) return 'missing'
  const installed = await installedVersion(db)
  return installed === expected ? 'same' : installed < expected ? 'older' : 'newer'
}

/**
 * Creates the schema of the job queue, or brings it up to this program. Indexes are built at once: pg-boss would leave
 * them to a worker, whose role may not own the tables. Not CONCURRENTLY, which no script of several statements can: the
 * tables hold a few thousand rows.
 */
export async function migrateQueue(db: Queryable): Promise<void> {
  const state = await compareQueueSchema(db)
  if (state === 'missing') await db.query(getConstructionPlans(queueSchema))
  if (state === 'older') {
    const script = getMigrationPlans(queueSchema, await installedVersion(db))
    await db.query(script.replaceAll('INDEX CONCURRENTLY', 'INDEX'))
  }
}

async function installedVersion(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ version: number }>(`select version from ${queueSchema}.version`)
  return rows[0]?.version ?? 0
}
