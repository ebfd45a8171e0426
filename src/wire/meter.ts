import { z } from 'zod'
import { count, integer, time } from './basics.ts'
import { collectionCounts } from './collection.ts'
import { collectionStates, readingFlags } from './lists.ts'

/** What a collector read from a meter. */
export const reading = z
  .object({
    quantity: z.string(),
    readAt: time,
    // A number of any length: one that a double cannot hold travels as its text until it is on the wire.
    value: z.unknown().meta({ type: 'number' }),
    unit: z.string().nullable(),
  })
  .meta({ id: 'Reading' })

/** One definition for every use: the tools of assistants describe it once each. */
export const collectionState = z
  .enum(collectionStates)
  .meta({ id: 'CollectionState', description: 'late: 2 expected intervals after the last reading; silent: 6' })

/** A reading in the list of its meter. */
export const flaggedReading = reading
  .extend({
    flags: z
      .array(z.enum(readingFlags))
      .describe(
        'What may be wrong with it: decrease of a register, explained by rollover or meter_replaced; future; unit',
      ),
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
 * A meter of the Client System. Attributes keep all digits of their numbers on the wire; a parser with doubles loses those
 * beyond the sixteenth.
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
    removedAt: time.nullable().describe('When a sync found it gone from the Client System'),
    createdAt: time,
    updatedAt: time,
    lastReading: reading.nullable().describe('The newest, of whatever quantity'),
    collection: collectionState,
    readingIntervalMinutes: z.number().describe('How often it is read, as far as is known'),
  })
  .meta({ id: 'Meter' })

const facetValues = z
  .object({
    values: z.array(z.object({ value: z.string().describe('Empty: the meters that have none'), meters: count })),
    others: z.object({ values: count, meters: count }).describe('The values that are not listed'),
  })
  .meta({ id: 'FacetValues' })

/** How many of the found meters each filter has. Each is counted without its own filter. */
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
    duplicates: count.describe('Those that were stored already with this value'),
    conflicts: count.describe(
      'Those with another value or unit than what is stored for their time: the first one stays',
    ),
    waiting: count.describe('Those whose meter is not known: they are stored when a sync brings it'),
    rejected: z.array(z.object({ line: z.int().min(1).describe('Counts from 1'), reason: z.string() })),
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

/** A target of Prometheus: HTTP service discovery takes a list of these. */
export const scrapeTarget = z
  .object({ targets: z.array(z.string()), labels: z.record(z.string(), z.string()) })
  .meta({ id: 'ScrapeTarget' })
