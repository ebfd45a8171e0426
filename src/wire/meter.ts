import { z } from 'zod'
import { count, integer, time } from './basics.ts'
import { collectionCounts } from './collection.ts'
import { collectionStates, readingFlags } from './lists.ts'

/** A reading of a meter. */
export const reading = z
  .object({
    quantity: z.string(),
    readAt: time,
    // A number of any length. Within the agent it is a text where a double cannot hold it.
    value: z.unknown().meta({ type: 'number' }),
    unit: z.string().nullable(),
  })
  .meta({ id: 'Reading' })

/** The state of a meter's collection. It has an id, so that each tool of assistants describes it only once. */
export const collectionState = z
  .enum(collectionStates)
  .meta({ id: 'CollectionState', description: 'late: 2 expected intervals after the last reading; silent: 6' })

/** A reading in the list of its meter. */
export const flaggedReading = reading
  .extend({
    flags: z
      .array(z.enum(readingFlags))
      .describe('What may be wrong: decrease of a register, explained by rollover or meter_replaced; future; unit'),
  })
  .meta({ id: 'FlaggedReading' })

/** A reading in a list of many meters. */
export const meterReading = reading
  .extend({
    meterId: integer,
    externalId: z.string(),
    readAt: z.string().describe('ISO 8601 in UTC with microseconds'),
  })
  .meta({ id: 'MeterReading' })

/**
 * A meter. The attributes keep all digits of their numbers; a client that parses numbers as doubles loses those beyond the
 * sixteenth.
 */
export const meter = z
  .object({
    id: integer,
    clientSystemId: z.string(),
    externalId: z.string().describe('Its key in the Client System'),
    name: z.string(),
    serialNumber: z.string().nullable(),
    kind: z.string().nullable(),
    unit: z.string().nullable(),
    location: z.string().nullable(),
    ipAddress: z.string().nullable(),
    port: integer.nullable(),
    attributes: z.record(z.string(), z.unknown()).describe('Every other column of the Client System'),
    active: z.boolean(),
    removedAt: time.nullable().describe('When a sync found it missing'),
    createdAt: time,
    updatedAt: time,
    lastReading: reading.nullable().describe('The newest of any quantity'),
    collection: collectionState,
    readingIntervalMinutes: z.number().describe('The expected interval of its readings'),
  })
  .meta({ id: 'Meter' })

const facetValues = z
  .object({
    values: z.array(z.object({ value: z.string().describe('Empty: meters without a value'), meters: count })),
    others: z.object({ values: count, meters: count }).describe('The values that are not listed'),
  })
  .meta({ id: 'FacetValues' })

/** The numbers of found meters by the values of each filter. Each is counted without its own filter. */
export const meterFacets = z
  .object({
    state: z.object({ active: count, inactive: count }),
    collection: collectionCounts,
    kind: facetValues,
    location: facetValues,
  })
  .meta({ id: 'MeterFacets' })

/** The outcome of readings that were sent. */
export const storedReadings = z
  .object({
    stored: count,
    duplicates: count.describe('Already stored with the same value'),
    conflicts: count.describe('Another value or unit is stored for their time, and stays'),
    waiting: count.describe('Their meter is not known; they are stored when a sync inserts it'),
    rejected: z.array(z.object({ line: z.int().min(1).describe('From 1'), reason: z.string() })),
  })
  .meta({ id: 'StoredReadings' })

/** A meter that collectors should read. */
export const target = meter
  .pick({
    externalId: true,
    name: true,
    serialNumber: true,
    kind: true,
    unit: true,
    location: true,
    ipAddress: true,
    port: true,
    readingIntervalMinutes: true,
    attributes: true,
  })
  .extend({ meterId: integer })
  .meta({ id: 'Target' })

/** A group of targets for Prometheus. Its HTTP service discovery expects a list of these. */
export const scrapeTarget = z
  .object({ targets: z.array(z.string()), labels: z.record(z.string(), z.string()) })
  .meta({ id: 'ScrapeTarget' })
