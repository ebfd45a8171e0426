import type { ClientSystem } from '../config/environment.ts'
import type { Queryable } from '../db/connect.ts'
import { sqlBeside } from '../db/sql-file.ts'
import type { Collection, CollectionState } from '../wire/types.ts'

const countStates = sqlBeside(import.meta.url, 'count-states.sql')

/** Returns the state of the collection of readings, without reading any reading. */
export async function summarizeCollection(
  db: Queryable,
  { id: clientSystemId, readingIntervalMs }: Pick<ClientSystem, 'id' | 'readingIntervalMs'>,
): Promise<Collection> {
  type Row = Record<CollectionState | 'waitingReadings' | 'waitingIds', number> & {
    newestReadingAt: Date | null
    at: Date
  }
  const { rows } = await db.query<Row>(countStates, [clientSystemId])
  const [row] = rows
  if (!row) throw new Error('counting the meters by collection state returned no row')
  const { newestReadingAt, at, waitingReadings, waitingIds, ...meters } = row
  return {
    clientSystemId,
    at: at.toISOString(),
    readingIntervalMinutes: readingIntervalMs / 60_000,
    meters,
    waiting: { readings: waitingReadings, externalIds: waitingIds },
    newestReadingAt: newestReadingAt?.toISOString() ?? null,
  }
}
