import { z } from 'zod'
import { AgentError } from '../../lib/errors.ts'
import {
  cursorOrderError,
  cursorText,
  historyCursor,
  matchesCursorOrder,
  meterCursor,
  readingCursor,
} from '../../wire/cursors.ts'
import { meterOrders, meterSorts } from '../../wire/lists.ts'
import { clientSystemId, orNull, requestTime, searchText } from '../../wire/requests.ts'
import { collectionState, flaggedReading, meter, next, total, totalIsExact } from '../../wire/schemas.ts'
import { readPageThatFits } from '../answer-size.ts'
import { fullChange, historyRow, meterRow, toHistoryRow, toMeterRow } from '../rows.ts'
import { readOnly, type Tool, tool } from '../tool.ts'
import { detail, limit, meterId, rowsOf } from './inputs.ts'

/** The tools that read meters, their history and their readings. */
export const meterTools: readonly Tool[] = [
  tool({
    name: 'find_meters',
    title: 'Find meters',
    scope: 'read',
    annotations: readOnly,
    description:
      'The meters that match a search and filters; an exact external id or serial number comes first. get_meter returns all of one.',
    input: z
      .strictObject({
        clientSystemId,
        q: orNull(searchText).describe('Words within id, name, serial number or location'),
        state: z.enum(['active', 'inactive', 'all']).default('all'),
        kind: orNull(searchText).describe('Exactly'),
        location: orNull(searchText).describe('Exactly'),
        collection: orNull(collectionState),
        sort: z.enum(meterSorts).default('externalId'),
        order: z.enum(meterOrders).default('asc'),
        detail,
        limit,
        after: meterCursor,
      })
      .refine(matchesCursorOrder, cursorOrderError),
    output: z.object({ meters: z.array(z.union([meterRow, meter])), total, totalIsExact, next }),
    handle: async ({ q: search, detail, limit, ...filter }, { agent }) => {
      const { items, total, totalIsExact, next } = await readPageThatFits(limit, rowsOf(detail, toMeterRow), (limit) =>
        agent.meters({ ...filter, search, limit }),
      )
      return { meters: items, total, totalIsExact, next: cursorText(next) }
    },
  }),
  tool({
    name: 'get_meter',
    title: 'Meter',
    scope: 'read',
    annotations: readOnly,
    description:
      'One meter as it is now, and the changes that runs made to it, newest first. Takes either meterId or externalId.',
    input: z.strictObject({
      meterId: meterId.optional(),
      externalId: searchText.optional().describe('Its key in the Client System, instead of meterId'),
      clientSystemId,
      detail,
      limit: limit.describe('Maximum number of changes; large changes make a page shorter'),
      before: historyCursor,
    }),
    output: z.object({ meter, history: z.object({ changes: z.array(z.union([historyRow, fullChange])), next }) }),
    handle: async ({ meterId, externalId, clientSystemId, detail, before, limit }, { agent }) => {
      if ((meterId === undefined) === (externalId === undefined)) {
        throw new AgentError('bad_request', 'The input must have either meterId or externalId', {
          hint: 'Name the meter by one of them',
        })
      }
      const meter =
        externalId === undefined
          ? await agent.meter(meterId ?? 0)
          : await agent.meterByExternalId(clientSystemId, externalId)
      const { items, next } = await readPageThatFits(limit, rowsOf(detail, toHistoryRow), (limit) =>
        agent.history(meter.id, { before, limit }),
      )
      return { meter, history: { changes: items, next: cursorText(next) } }
    },
  }),
  tool({
    name: 'get_meter_readings',
    title: 'Meter readings',
    scope: 'read',
    annotations: readOnly,
    description: 'The readings of a meter, newest first, with flags for values that may be wrong.',
    input: z.strictObject({
      meterId,
      from: requestTime.describe('Start, inclusive'),
      to: requestTime.describe('End, exclusive'),
      limit,
      before: readingCursor,
    }),
    output: z.object({ readings: z.array(flaggedReading), next }),
    handle: async ({ meterId, from, to, before, limit }, { agent }) => {
      const { items, next } = await readPageThatFits(
        limit,
        (reading) => reading,
        (limit) => agent.readings(meterId, { from, to, before, limit }),
      )
      return { readings: items, next: cursorText(next) }
    },
  }),
]
