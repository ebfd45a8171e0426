import { z } from 'zod'
import { integer, time } from './basics.ts'
import { changeOperations } from './lists.ts'
import { reading } from './meter.ts'
import { rejection, withheld } from './reason.ts'
import { counts, rejectedBecause } from './run.ts'

export const operation = z.enum(changeOperations)

export const changedColumns = z.record(z.string(), z.unknown()).nullable()

/** The present state of a meter that a change is about. Its texts are cut to 1,000 characters. */
export const changedMeter = z
  .object({
    name: z.string(),
    kind: z.string().nullable(),
    location: z.string().nullable(),
    lastReading: reading.nullable().describe('The newest of any quantity'),
  })
  .meta({ id: 'ChangedMeter' })

/** A change that a run made to one meter. */
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

/** A row of the Client System that a run rejected. */
export const rejected = z
  .object({
    externalId: z.string().nullable(),
    reason: rejection,
    row: z.record(z.string(), z.unknown()).describe('As the query returned it, values cut to 1 kB'),
  })
  .meta({ id: 'Rejected' })

export const previewedChange = z
  .object({
    meterId: integer.nullable().describe('Null for an insertion'),
    externalId: z.string(),
    meter: changedMeter.nullable().describe('As it is before the sync; null for an insertion'),
    operation,
    before: changedColumns,
    after: changedColumns.describe('The columns that would change; all for an insertion'),
  })
  .meta({ id: 'PreviewedChange' })

/** The changes that a run would make now. */
export const preview = z
  .object({
    counts,
    changes: z.array(previewedChange).describe('The first 100 by external id'),
    withheldBecause: withheld.nullable().describe('Why the deletions would be withheld; null when they would not'),
    withheldDigest: z.string().nullable().describe('Names the withheld meters, for approveDigest'),
    rejectedBecause: rejectedBecause.nullable().describe('The most frequent reason of rejected rows'),
  })
  .meta({ id: 'Preview' })
