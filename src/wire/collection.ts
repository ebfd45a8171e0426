import { z } from 'zod'
import { count, integer, time } from './basics.ts'

/** Meters by their state of collection. */
export const collectionCounts = z
  .object({ reporting: count, late: count, silent: count, never: count, stillReporting: count, quiet: count })
  .meta({ id: 'CollectionCounts' })

/** The state of the collection of readings. */
export const collection = z
  .object({
    clientSystemId: z.string(),
    at: time.describe('When it was counted'),
    readingIntervalMinutes: z.number().describe('The expected interval of meters whose own is not known'),
    meters: collectionCounts,
    waiting: z.object({ readings: count, externalIds: count }).describe('Readings of external ids that no meter has'),
    newestReadingAt: time.nullable().describe('A reading from the future counts as read when it arrived'),
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
    silentSince: time.nullable().describe('The last reading of the silent meter that was read last'),
  })
  .meta({ id: 'CollectionGroup' })

/** A meter that fell silent. */
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

/** A time in which readings of a meter are missing. */
export const readingGap = z
  .object({
    quantity: z.string(),
    from: time.describe('The last reading before it'),
    to: time.nullable().describe('The first reading after it; null where there is none in the time asked for'),
    missing: count.describe('Readings that the expected interval would have made'),
  })
  .meta({ id: 'ReadingGap' })

/** The gaps of a meter in a time. */
export const gaps = z
  .object({ from: z.string(), to: z.string(), readingIntervalMinutes: z.number(), gaps: z.array(readingGap) })
  .meta({ id: 'Gaps' })

/** An external id that no meter has, and the readings that wait for it. */
export const waitingMeter = z
  .object({ externalId: z.string(), readings: count, firstReceivedAt: time, lastReceivedAt: time })
  .meta({ id: 'WaitingMeter' })
