import { z } from 'zod'
import { count, time } from './basics.ts'

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

/**
 * A meter of the Client System. Attributes keep all digits of their numbers on the wire; a parser with doubles loses those
 * beyond the sixteenth.
 */
export const meter = z
  .object({
    id: z.int(),
    clientSystemId: z.string(),
    externalId: z.string().describe('Its key in the Client System'),
    name: z.string(),
    serialNumber: z.string().nullable(),
    kind: z.string().nullable(),
    unit: z.string().nullable(),
    location: z.string().nullable(),
    ipAddress: z.string().nullable(),
    port: z.int().nullable(),
    attributes: z.record(z.string(), z.unknown()).describe('Every other column of the Client System'),
    active: z.boolean(),
    removedAt: time.nullable().describe('When a sync found it gone from the Client System'),
    createdAt: time,
    updatedAt: time,
    lastReading: reading.nullable().describe('The newest, of whatever quantity'),
  })
  .meta({ id: 'Meter' })

/** The outcome of readings that were sent. */
export const storedReadings = z
  .object({
    stored: count,
    duplicates: count.describe('Those that were stored already with this value'),
    conflicts: count.describe(
      'Those with another value or unit than what is stored for their time: the first one stays',
    ),
    rejected: z.array(z.object({ line: z.int().min(1).describe('Counts from 1'), reason: z.string() })),
  })
  .meta({ id: 'StoredReadings' })
