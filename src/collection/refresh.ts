import type { Queryable } from '../db/connect.ts'
import { sqlBeside } from '../db/sql-file.ts'

const correctCopies = sqlBeside(import.meta.url, 'correct-copies.sql')

/** The meters of one statement. Collectors that write readings of these meters wait for it. */
const pageSize = 20_000

/**
 * Corrects the values that sync.meter_collection copies from the meters of a Client System: whether they are active, and
 * their expected interval. Call it after a run that changed meters, because the run itself must not wait for collectors.
 * Without a run it reads all meters, which takes some seconds for a million.
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
