import { z } from 'zod'
import { count, integer, time } from './basics.ts'

/** The numbers of meters by the state of their collection. */
export const collectionCounts = z
  .object({ reporting: count, late: count, silent: count, never: count, stillReporting: count, quiet: count })
  .meta({ id: 'CollectionCounts' })

/** The state of the collection of readings. */
export const collection = z
  .object({
    clientSystemId: z.string(),
    at: time.describe('When it was counted'),
    readingIntervalMinutes: z.number().describe('The expected interval of meters without their own'),
    meters: collectionCounts,
    waiting: z.object({ readings: count, externalIds: count }).describe('Readings of external ids that no meter has'),
    newestReadingAt: time.nullable().describe('A reading with a future time counts at the time it arrived'),
  })
  .meta({ id: 'Collection' })

/** The active meters of one location and kind. */
export const collectionGroup = z
  .object({
    location: z.string().nullable(),
    kind: z.string().nullable(),
    reporting: count,
    late: count,
    silent: count,
    never: count,
    silentSince: time.nullable().describe('The newest reading of the silent meters'),
  })
  .meta({ id: 'CollectionGroup' })

/** A meter that is silent. */
export const silentMeter = z
  .object({
    meterId: integer,
    externalId: z.string(),
    name: z.string(),
    location: z.string().nullable(),
    kind: z.string().nullable(),
    lastReadAt: time.nullable(),
    readingIntervalMinutes: z.number(),
  })
  .meta({ id: 'SilentMeter' })

/** A period without readings of a meter. */
export const readingGap = z
  .object({
    quantity: z.string(),
    from: time.describe('The last reading before it'),
    to: time.nullable().describe('The first reading after it; null when there is none in the requested period'),
    missing: count.describe('The expected number of readings in the gap'),
  })
  .meta({ id: 'ReadingGap' })

/** The gaps of a meter in a period. */
export const gaps = z
  .object({ from: z.string(), to: z.string(), readingIntervalMinutes: z.number(), gaps: z.array(readingGap) })
  .meta({ id: 'Gaps' })

/** An external id that no meter has, and the readings that wait for it. */
export const waitingMeter = z
  .object({ externalId: z.string(), readings: count, firstReceivedAt: time, lastReceivedAt: time })
  .meta({ id: 'WaitingMeter' })
