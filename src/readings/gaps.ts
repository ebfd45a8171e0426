import { type Queryable, sqlBeside } from '../db/connect.ts'
import type { ReadingGap } from '../wire/types.ts'

const findMeterGaps = sqlBeside(import.meta.url, 'find-meter-gaps.sql')

/** More gaps than this say no more than that the meter is hardly read. */
const maxGaps = 1_000

/**
 * The times in which a meter's readings are missing, newest first. `to` is null for a gap that goes on. `missing` is how
 * many readings the expected interval would have made of it.
 */
export async function findGaps(
  db: Queryable,
  {
    meterId,
    from,
    to,
    readingIntervalMinutes,
  }: { meterId: number; from: string; to: string; readingIntervalMinutes: number },
): Promise<ReadingGap[]> {
  type Row = { quantity: string; from: Date; to: Date | null; missing: number }
  const { rows } = await db.query<Row>(findMeterGaps, [meterId, from, to, readingIntervalMinutes * 60, maxGaps])
  return rows.map(({ quantity, from, to, missing }) => ({
    quantity,
    from: from.toISOString(),
    to: to?.toISOString() ?? null,
    missing,
  }))
}
