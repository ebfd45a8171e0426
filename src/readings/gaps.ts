import type { Queryable } from '../db/connect.ts'
import { sqlBeside } from '../db/sql-file.ts'
import type { ReadingGap } from '../wire/types.ts'

const findMeterGaps = sqlBeside(import.meta.url, 'find-meter-gaps.sql')

/** The maximum number of gaps. A meter with more is read so rarely that single gaps say nothing. */
const maxGaps = 1_000

/**
 * Returns the periods without readings of a meter, newest first. `to` is null for a gap that continues. `missing` is the
 * expected number of readings in the gap.
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
