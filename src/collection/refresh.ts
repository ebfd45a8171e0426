import { type Queryable, sqlBeside } from '../db/connect.ts'

const correctCopies = sqlBeside(import.meta.url, 'correct-copies.sql')

/** Meters of one statement: collectors that write to a meter wait for it. */
const pageSize = 20_000

/**
 * Corrects what sync.meter_collection copies of the meters of a Client System: whether they are active, and their expected
 * interval. To be called after a run that changed meters, which must not wait for collectors itself; without a run all
 * meters are read, which takes some seconds for a million.
 */
export async function refreshCollection(db: Queryable, clientSystemId: string, runId: string | null): Promise<void> {
  for (let after: string | null = '0'; after !== null; ) {
    const { rows }: { rows: { last: string | null }[] } = await db.query(correctCopies, [
      clientSystemId,
      after,
      pageSize,
      runId,
    ])
    after = rows[0]?.last ?? null
  }
}
