import { z } from 'zod'
import { count } from './basics.ts'
import { readReasonCodes, rejectionCodes, withheldCodes } from './lists.ts'

const text = z.string().exactOptional().describe('Of `earlier`: the text that a version without codes stored')

/** Why a run read every meter. */
export const readReason = z
  .object({
    code: z.enum(readReasonCodes),
    error: z.string().exactOptional().describe('Of `after_failure`: the error code of the previous run'),
    text,
  })
  .meta({ id: 'ReadReason' })

/** Why a row of the Client System cannot be used. */
export const rejection = z
  .object({
    code: z.enum(rejectionCodes),
    bytes: count.exactOptional().describe('Of `row_too_large`: the size of the row'),
    text,
  })
  .meta({ id: 'Rejection' })

/** Why the deletions of a run were held back. */
export const withheld = z
  .object({
    code: z.enum(withheldCodes),
    rows: count.exactOptional().describe('Of `rows_without_id`: the number of rows'),
    approved: count.exactOptional().describe('Of `more_than_approved`: the number of approved deletions'),
    missing: count.exactOptional().describe('Of `more_than_approved`: the number of missing meters'),
    limit: count.exactOptional().describe('Of `over_maximum`: a number of meters; of `over_percent`: a percentage'),
    lately: z.boolean().exactOptional().describe('Of `over_…`: includes meters deleted in the last 24 hours'),
    text,
  })
  .meta({ id: 'Withheld' })
