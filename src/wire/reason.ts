import { z } from 'zod'
import { count } from './basics.ts'
import { readReasonCodes, rejectionCodes, withheldCodes } from './lists.ts'

const text = z.string().exactOptional().describe('Of `earlier`: the words of a version that had no codes')

/** Why a run read every meter. */
export const readReason = z
  .object({
    code: z.enum(readReasonCodes),
    error: z.string().exactOptional().describe('Of `after_failure`: the error code of the run before'),
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
    rows: count.exactOptional().describe('Of `rows_without_id`: how many'),
    approved: count.exactOptional().describe('Of `more_than_approved`: how many deletions were approved'),
    missing: count.exactOptional().describe('Of `more_than_approved`: how many meters are missing'),
    limit: count.exactOptional().describe('Of `over_maximum` meters, of `over_percent` a percentage'),
    lately: z
      .boolean()
      .exactOptional()
      .describe('Of `over_…`: meters that were deleted in the last 24 hours are counted too'),
    text,
  })
  .meta({ id: 'Withheld' })
