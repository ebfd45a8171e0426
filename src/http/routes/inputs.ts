import { z } from 'zod'
import {
  allReadingsCursor,
  changeCursor,
  hasOrderOfCursor,
  historyCursor,
  meterCursor,
  orderOfCursor,
  readingCursor,
  rejectedCursor,
  runCursor,
  silentCursor,
  waitingCursor,
} from '../../wire/cursors.ts'
import { changeOperations, collectionStates, meterOrders, meterSorts, runStatuses, triggers } from '../../wire/lists.ts'
import { clientSystemId, searchedText, storableText, time } from '../../wire/requests.ts'

/**
 * What requests may carry: the schemas that refuse them, and that the API's description is made of. Where a text on the
 * wire stands for something else, its meta says what.
 */

export const noQuery = z.strictObject({})
export const noBody = z.strictObject({})

/** The `limit` of a list: by default 50, at most 200. Unknown parameters are refused. */
const pageQuery = z.strictObject({
  limit: z
    .string()
    .refine((text) => /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 200, {
      error: 'expected a whole number from 1 to 200',
    })
    .transform(Number)
    .default(50)
    .meta({
      type: 'integer',
      minimum: 1,
      maximum: 200,
      default: 50,
      description: 'The maximum number of items of a page',
    }),
})

export const syncBody = z
  .strictObject({
    clientSystemId,
    full: z.boolean().optional().describe('Read every meter, not only where something differs; rarely needed'),
    approveDeletes: z
      .int()
      .min(0)
      .max(1_000_000_000)
      .optional()
      .describe('Lets all deletions of this run through when there are at most so many of them, otherwise none')
      .meta({ 'x-scope': 'approve' }),
    approveDigest: z
      .string()
      .max(64)
      .optional()
      .describe('With approveDeletes: the withheldDigest that was shown. The approval is then for these meters alone'),
  })
  .refine(({ approveDeletes, approveDigest }) => approveDigest === undefined || approveDeletes !== undefined, {
    error: 'approveDigest needs approveDeletes',
    path: ['approveDigest'],
  })

export const keepBody = z.strictObject({
  clientSystemId,
  digest: z.string().max(64).describe('The withheldDigest of the run that held the deletions back'),
  note: storableText.trim().min(1).max(500).describe('Why they are kept'),
})

export const previewBody = z.strictObject({ clientSystemId })

export const sessionBody = z.strictObject({ token: z.string().describe('A token that has the scope read') })

export const runsQuery = pageQuery.extend({
  clientSystemId,
  status: z.enum(runStatuses).optional(),
  trigger: z.enum(triggers).optional(),
  from: time.describe('When the runs were queued, inclusive'),
  to: time.describe('Exclusive'),
  before: runCursor,
})

export const changesQuery = pageQuery.extend({
  operation: z.enum(changeOperations).optional(),
  after: changeCursor,
})

export const rejectedQuery = pageQuery.extend({ after: rejectedCursor })

const format = z
  .enum(['json', 'csv'])
  .default('json')
  .describe('json is a page; csv is all of it in one answer of any size')

const meterFilter = {
  clientSystemId,
  q: searchedText
    .optional()
    .describe(
      'Words that the external id, name, serial number or location contains; an exact id or serial comes first',
    ),
  state: z.enum(['active', 'inactive', 'all']).default('all'),
  kind: searchedText.optional().describe('Exactly this kind; empty for none'),
  location: searchedText.optional().describe('Exactly this location; empty for none'),
  collection: z.enum(collectionStates).optional().describe('Whether readings come as often as expected'),
}

export const metersQuery = pageQuery
  .extend({
    ...meterFilter,
    sort: z.enum(meterSorts).default('externalId').describe('In natural order: 2 before 10'),
    order: z.enum(meterOrders).default('asc').describe('What has no value comes first in asc, last in desc'),
    format,
    after: meterCursor,
  })
  .refine(hasOrderOfCursor, orderOfCursor)

export const meterFacetsQuery = pageQuery.extend(meterFilter)

export const collectionQuery = z.strictObject({ clientSystemId })

export const waitingQuery = pageQuery.extend({ clientSystemId, after: waitingCursor })

export const silentQuery = pageQuery.extend({ clientSystemId, before: silentCursor })

export const gapsQuery = z.strictObject({
  from: time.describe('By default seven days before the end'),
  to: time.describe('By default now'),
})

export const historyQuery = pageQuery.extend({ before: historyCursor })

export const readingsQuery = pageQuery.extend({
  format,
  from: time.describe('Readings from this time on'),
  to: time.describe('Readings before this time'),
  before: readingCursor,
})

export const allReadingsQuery = pageQuery.extend({
  clientSystemId,
  kind: searchedText.optional().describe('Of meters of exactly this kind'),
  location: searchedText.optional().describe('Of meters at exactly this location'),
  from: time.describe('Readings from this time on'),
  to: time.describe('Readings before this time'),
  format,
  after: allReadingsCursor,
})

export const targetsQuery = z.strictObject({
  clientSystemId,
  kind: searchedText.optional().describe('Exactly this kind'),
  location: searchedText.optional().describe('Exactly this location'),
  format: z
    .enum(['json', 'csv', 'prometheus'])
    .default('json')
    .describe('prometheus: as HTTP service discovery takes it, meters with an address only'),
})

export const runId = z.uuid().meta({ pattern: undefined })

export const meterId = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number)
  .meta({ type: 'integer', minimum: 0, pattern: undefined, description: 'The id of a meter, not its external id' })
