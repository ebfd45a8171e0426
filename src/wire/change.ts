import { z } from 'zod'
import { integer, time } from './basics.ts'
import { changeOperations } from './lists.ts'
import { reading } from './meter.ts'
import { rejection, withheld } from './reason.ts'
import { counts, rejectedBecause } from './run.ts'

export const operation = z.enum(changeOperations)

export const changedColumns = z.record(z.string(), z.unknown()).nullable()

/** A meter as it is now, beside a change of it. Its texts are cut to 1,000 characters. */
export const changedMeter = z
  .object({
    name: z.string(),
    kind: z.string().nullable(),
    location: z.string().nullable(),
    lastReading: reading.nullable().describe('The newest, of whatever quantity'),
  })
  .meta({ id: 'ChangedMeter' })

/** How a run changed one meter. */
export const change = z
  .object({
    runId: z.string(),
    at: time,
    meterId: integer,
    externalId: z.string(),
    meter: changedMeter.nullable().describe('As it is now'),
    operation,
    before: changedColumns.describe('The columns that changed; null for insert, delete and withheld'),
    after: changedColumns,
  })
  .meta({ id: 'Change' })

/** A row of the Client System that could not be used. */
export const rejected = z
  .object({
    externalId: z.string().nullable(),
    reason: rejection,
    row: z.record(z.string(), z.unknown()).describe('As the query gave it, values cut to 1 kB'),
  })
  .meta({ id: 'Rejected' })

export const previewedChange = z
  .object({
    meterId: integer.nullable().describe('Null for a meter that is not there yet'),
    externalId: z.string(),
    meter: changedMeter.nullable().describe('As it is before the sync; null for a meter that is not there yet'),
    operation,
    before: changedColumns,
    after: changedColumns.describe('The columns that would change; of an insertion all of them'),
  })
  .meta({ id: 'PreviewedChange' })

/** What a run would do now. */
export const preview = z
  .object({
    counts,
    changes: z.array(previewedChange).describe('The first 100 by external id'),
    withheldBecause: withheld.nullable().describe('Why the deletions would be withheld; null when they would not'),
    withheldDigest: z.string().nullable().describe('Of the withheld meters, for approveDigest'),
    rejectedBecause: rejectedBecause.nullable().describe('The commonest reason for which rows would be rejected'),
  })
  .meta({ id: 'Preview' })
