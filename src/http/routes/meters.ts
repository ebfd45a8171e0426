import { cursorText } from '../../wire/cursors.ts'
import * as shape from '../../wire/schemas.ts'
import { answerMetersCsv } from '../export/meters.ts'
import * as example from './examples.ts'
import * as input from './inputs.ts'
import { csv, json, page } from './operation.ts'
import { type Route, route } from './route.ts'

/** The routes for meters and their history. */
export const meterRoutes: readonly Route[] = [
  route({
    id: 'listMeters',
    method: 'get',
    path: '/api/meters',
    scope: 'read',
    tag: 'Meters',
    summary: 'Find, filter and sort meters',
    description:
      'Each word of q, eight at most, must occur in the external id, the name, the serial number or the location, in upper or lower case. JSON is one page; CSV is all meters in one answer of any size. An answer that is cut off is not complete.',
    query: input.metersQuery,
    answers: {
      200: {
        description: 'A page of meters, the first one with their total, which is counted up to 1,000; or all as CSV',
        content: {
          ...json(page('meters', shape.meter).extend({ total: shape.total, totalIsExact: shape.totalIsExact }), {
            meters: [example.meter],
            total: 501,
            totalIsExact: true,
            next: example.next,
          }),
          ...csv(example.csvMeters),
        },
      },
    },
    refusals: ['not_found'],
    handle: async ({ c, query: { format, limit, after, q: search, ...others } }, { agent }) => {
      const filter = { ...others, search }
      if (format === 'csv') return await answerMetersCsv(c, agent.exportMeters(filter))
      const { items, total, totalIsExact, next } = await agent.meters({ ...filter, after, limit })
      return c.json({ meters: items, total, totalIsExact, next: cursorText(next) })
    },
  }),
  route({
    id: 'countMeters',
    method: 'get',
    path: '/api/meters/facets',
    scope: 'read',
    tag: 'Meters',
    summary: 'Count the found meters by the values of each filter',
    description:
      'The counts of a filter apply the search and the other filters. Of the kinds and locations, the most frequent are listed, up to limit.',
    query: input.meterFacetsQuery,
    answers: { 200: { description: 'The numbers', content: json(shape.meterFacets, example.meterFacets) } },
    refusals: ['not_found'],
    handle: async ({ c, query: { q: search, ...others } }, { agent }) =>
      c.json(await agent.meterFacets({ ...others, search })),
  }),
  route({
    id: 'getMeter',
    method: 'get',
    path: '/api/meters/{id}',
    scope: 'read',
    tag: 'Meters',
    summary: 'One meter',
    pathId: input.meterId,
    query: input.noQuery,
    answers: { 200: { description: 'The meter', content: json(shape.meter, example.meter) } },
    handle: async ({ c, id }, { agent }) => c.json(await agent.meter(id)),
  }),
  route({
    id: 'getMeterHistory',
    method: 'get',
    path: '/api/meters/{id}/history',
    scope: 'read',
    tag: 'Meters',
    summary: 'The changes of a meter, newest first',
    pathId: input.meterId,
    query: input.historyQuery,
    answers: {
      200: {
        description: 'A page of changes',
        content: json(page('changes', shape.change), { changes: [example.change], next: null }),
      },
    },
    handle: async ({ c, id, query: { before, limit } }, { agent }) => {
      const { items, next } = await agent.history(id, { before, limit })
      return c.json({ changes: items, next: cursorText(next) })
    },
  }),
]
