import { createRequire } from 'node:module'
import { type Db, getConstructionPlans, getMigrationPlans, type PgBoss } from 'pg-boss'
import type { Queryable } from './connect.ts'

/** The schema of pg-boss. */
export const queueSchema = 'pgboss'

/** Returns the name of the queue of a Client System's runs. Each run has one job, with the id of the run. */
export function runQueue(clientSystemId: string): string {
  return `meter-sync.${clientSystemId}`
}

/** Adapts a connection for pg-boss, so that its statements join the transaction of that connection. */
export function queueDbFor(client: Queryable): Db {
  return { executeSql: (text, values = []) => client.query(text, values) }
}

/** Returns a function that completes the job of a run in the transaction of the caller. A missing job is not an error. */
export function createCompleteJob(boss: PgBoss) {
  return async (client: Queryable, { id, clientSystemId }: { id: string; clientSystemId: string }): Promise<void> => {
    await boss.complete(runQueue(clientSystemId), id, null, { db: queueDbFor(client), includeQueued: true })
  }
}

/** The version of the schema that the installed pg-boss needs. pg-boss declares it only in its package.json. */
const neededVersion: number = createRequire(import.meta.url)('pg-boss/package.json').pgboss.schema

/** Compares the schema of the job queue with the version that this program needs. */
export async function compareQueueSchema(db: Queryable): Promise<'missing' | 'older' | 'same' | 'newer'> {
  const table = await db.query(`select to_regclass('${queueSchema}.version') is not null as yes`)
  if (!table.rows[0]?.yes) return 'missing'
  const installed = await findInstalledVersion(db)
  return installed === neededVersion ? 'same' : installed < neededVersion ? 'older' : 'newer'
}

/**
 * Creates the schema of the job queue, or migrates it to the version of this program. Indexes are built here, because
 * pg-boss would leave them to a worker, whose role may not own the tables. They are not built CONCURRENTLY, which is not
 * possible in a script of several statements; the tables have only a few thousand rows.
 */
export async function migrateQueue(db: Queryable): Promise<void> {
  const state = await compareQueueSchema(db)
  if (state === 'missing') await db.query(getConstructionPlans(queueSchema))
  if (state === 'older') {
    const script = getMigrationPlans(queueSchema, await findInstalledVersion(db))
    await db.query(script.replaceAll('INDEX CONCURRENTLY', 'INDEX'))
  }
}

async function findInstalledVersion(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ version: number }>(`select version from ${queueSchema}.version`)
  return rows[0]?.version ?? 0
}
