import { z } from 'zod'
import type { Agent } from '../agent.ts'
import { AgentError } from '../lib/errors.ts'
import {
  cursorText,
  hasOrderOfCursor,
  historyCursor,
  meterCursor,
  orderOfCursor,
  readingCursor,
} from '../wire/cursors.ts'
import { meterOrders, meterSorts } from '../wire/lists.ts'
import { clientSystemId, searchedText, time } from '../wire/requests.ts'
import { collectionState, flaggedReading, meter, next, total, totalIsExact } from '../wire/schemas.ts'
import { fittingPage } from './fitting.ts'
import { fullChange, historyRow, meterRow, toHistoryRow, toMeterRow } from './rows.ts'
import { type AddTool, detail, limit, meterId, reads, rowsOf } from './tool.ts'

/** The tools for meters, their history and their readings. */
export function addMeterTools(add: AddTool, agent: Agent): void {
  add('find_meters', {
    title: 'Find meters',
    scope: 'read',
    description:
      'The meters that match a search and filters; an exact external id or serial number comes first. get_meter returns all of one.',
    input: z
      .strictObject({
        clientSystemId,
        q: searchedText.optional().describe('Words within id, name, serial number or location'),
        state: z.enum(['active', 'inactive', 'all']).default('all'),
        kind: searchedText.optional().describe('Exactly'),
        location: searchedText.optional().describe('Exactly'),
        collection: collectionState.optional(),
        sort: z.enum(meterSorts).default('externalId'),
        order: z.enum(meterOrders).default('asc'),
        detail,
        limit,
        after: meterCursor,
      })
      .refine(hasOrderOfCursor, orderOfCursor),
    output: z.object({ meters: z.array(z.union([meterRow, meter])), total, totalIsExact, next }),
    annotations: reads,
    run: async ({ clientSystemId = null, q = null, detail, limit, ...asked }) => {
      const { kind = null, location = null, collection = null, ...rest } = asked
      const filter = { ...rest, clientSystemId, search: q, kind, location, collection }
      const { items, total, totalIsExact, next } = await fittingPage(limit, rowsOf(detail, toMeterRow), (limit) =>
        agent.meters({ ...filter, limit }),
      )
      return { meters: items, total, totalIsExact, next: cursorText(next) }
    },
  })

  add('get_meter', {
    title: 'Meter',
    scope: 'read',
    description:
      'One meter as it is now, and what the runs changed of it, newest first. Takes either meterId or externalId.',
    input: z.strictObject({
      meterId: meterId.optional(),
      externalId: searchedText.optional().describe('Its key in the Client System, in place of meterId'),
      clientSystemId,
      detail,
      limit: limit.describe('How many changes at most; large ones end a page sooner, and next goes on'),
      before: historyCursor,
    }),
    output: z.object({ meter, history: z.object({ changes: z.array(z.union([historyRow, fullChange])), next }) }),
    annotations: reads,
    run: async ({ meterId, externalId, clientSystemId = null, detail, before, limit }) => {
      if ((meterId === undefined) === (externalId === undefined)) {
        throw new AgentError('bad_request', 'The input must have either meterId or externalId', {
          hint: 'Name the meter by one of them',
        })
      }
      const meter =
        externalId === undefined
          ? await agent.meter(meterId ?? 0)
          : await agent.meterByExternalId(clientSystemId, externalId)
      const { items, next } = await fittingPage(limit, rowsOf(detail, toHistoryRow), (limit) =>
        agent.history(meter.id, { before, limit }),
      )
      return {
        meter,
        history: { changes: items, next: cursorText(next) },
      }
    },
  })

  add('get_meter_readings', {
    title: 'Meter readings',
    scope: 'read',
    description: 'What collectors read from a meter, newest first, with flags for what may be wrong.',
    input: z.strictObject({
      meterId,
      from: time.describe('Readings from this time on'),
      to: time.describe('Readings before this time'),
      limit,
      before: readingCursor,
    }),
    output: z.object({ readings: z.array(flaggedReading), next }),
    annotations: reads,
    run: async ({ meterId, from = null, to = null, before, limit }) => {
      const { items, next } = await fittingPage(
        limit,
        (one) => one,
        (limit) => agent.readings(meterId, { from, to, before, limit }),
      )
      return { readings: items, next: cursorText(next) }
    },
  })
}
