import { z } from 'zod'
import {
  allReadingsCursor,
  changeCursor,
  cursorOrderError,
  historyCursor,
  matchesCursorOrder,
  meterCursor,
  readingCursor,
  rejectedCursor,
  runCursor,
  silentCursor,
  waitingCursor,
} from '../../wire/cursors.ts'
import { changeOperations, collectionStates, meterOrders, meterSorts, runStatuses, triggers } from '../../wire/lists.ts'
import { clientSystemId, orNull, requestTime, searchText, storableText } from '../../wire/requests.ts'
import * as example from './examples.ts'

/**
 * The schemas of queries and bodies. They check requests, and the API's description is derived from them. Where a query
 * contains a number as text, the `meta` of its schema describes the number.
 */

export const noQuery = z.strictObject({})
export const noBody = z.strictObject({})

/** The query of a list with `limit`: 50 by default, 200 at most. Strict, so that an unknown parameter gets 400. */
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
      .describe('Approves all deletions of this run when there are at most this many, otherwise none')
      .meta({ 'x-scope': 'approve' }),
    approveDigest: z
      .string()
      .max(64)
      .optional()
      .describe(
        'With approveDeletes: the withheldDigest of a run or a preview. The approval then applies to these meters only',
      ),
  })
  .refine(({ approveDeletes, approveDigest }) => approveDigest === undefined || approveDeletes !== undefined, {
    error: 'approveDigest needs approveDeletes',
    path: ['approveDigest'],
  })

export const keepBody = z.strictObject({
  clientSystemId,
  digest: z.string().max(64).describe('The withheldDigest of the run that held the deletions back'),
  note: storableText.trim().min(1).max(500).describe('The reason for keeping them'),
})

export const previewBody = z.strictObject({ clientSystemId })

export const sessionBody = z.strictObject({ token: z.string().describe('A token with the scope read') })

export const runsQuery = pageQuery.extend({
  clientSystemId,
  status: orNull(z.enum(runStatuses)),
  trigger: orNull(z.enum(triggers)),
  from: requestTime.describe('Runs queued from this time on'),
  to: requestTime.describe('Runs queued before this time'),
  before: runCursor,
})

export const changesQuery = pageQuery.extend({
  operation: orNull(z.enum(changeOperations)),
  after: changeCursor,
})

export const rejectedQuery = pageQuery.extend({ after: rejectedCursor })

const format = z
  .enum(['json', 'csv'])
  .default('json')
  .describe(
    'json: one page; csv: all items in one answer of any size, where a text that begins like a formula (= + - @) has a leading apostrophe',
  )

const meterFilter = {
  clientSystemId,
  q: orNull(searchText).describe(
    'Words within the external id, name, serial number or location. An exact external id or serial number comes first',
  ),
  state: z.enum(['active', 'inactive', 'all']).default('all'),
  kind: orNull(searchText).describe('Exactly this kind; empty: meters without a kind'),
  location: orNull(searchText).describe('Exactly this location; empty: meters without a location'),
  collection: orNull(z.enum(collectionStates)).describe('The state of the collection of readings'),
}

export const metersQuery = pageQuery
  .extend({
    ...meterFilter,
    sort: z.enum(meterSorts).default('externalId').describe('Texts in natural order: 2 before 10'),
    order: z.enum(meterOrders).default('asc').describe('Meters without a value come first with asc, last with desc'),
    format,
    after: meterCursor,
  })
  .refine(matchesCursorOrder, cursorOrderError)

export const meterFacetsQuery = pageQuery.extend(meterFilter)

/** The query of a route that only needs to know the Client System. */
export const clientSystemQuery = z.strictObject({ clientSystemId })

export const waitingQuery = pageQuery.extend({ clientSystemId, after: waitingCursor })

export const silentQuery = pageQuery.extend({ clientSystemId, before: silentCursor })

export const gapsQuery = z.strictObject({
  from: requestTime.describe('Default: seven days before the end'),
  to: requestTime.describe('Default: now'),
})

export const historyQuery = pageQuery.extend({ before: historyCursor })

const readingsPeriod = {
  from: requestTime.describe('Readings from this time on'),
  to: requestTime.describe('Readings before this time'),
}

export const readingsQuery = pageQuery.extend({
  format,
  ...readingsPeriod,
  before: readingCursor,
})

export const allReadingsQuery = pageQuery.extend({
  clientSystemId,
  kind: orNull(searchText).describe('Readings of meters of exactly this kind'),
  location: orNull(searchText).describe('Readings of meters at exactly this location'),
  ...readingsPeriod,
  format,
  after: allReadingsCursor,
})

export const targetsQuery = z.strictObject({
  clientSystemId,
  kind: orNull(searchText).describe('Exactly this kind'),
  location: orNull(searchText).describe('Exactly this location'),
  format: z
    .enum(['json', 'csv', 'prometheus'])
    .default('json')
    .describe(
      'csv: every text as it is; prometheus: the format of HTTP service discovery, only meters with an address',
    ),
})

/** The `{id}` of a run. */
export const runId = {
  schema: z.uuid().meta({ pattern: undefined }),
  of: 'run',
  example: example.succeeded.id,
} as const

const meterIdText = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number)
  .meta({ type: 'integer', minimum: 0, pattern: undefined, description: 'The id of a meter, not its external id' })

/** The `{id}` of a meter. */
export const meterId = { schema: meterIdText, of: 'meter', example: example.meter.id } as const
