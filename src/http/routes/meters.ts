import { cursorText } from '../../wire/cursors.ts'
import * as shape from '../../wire/schemas.ts'
import * as example from './examples.ts'
import * as input from './inputs.ts'
import { json, page } from './operation.ts'
import { type Route, route } from './route.ts'

const away = ['database_unavailable'] as const
const next = 'eyJhdCI6IjIwMjYifQ'

/** Meters, and what became of each. */
export const meterRoutes: readonly Route[] = [
  route({
    id: 'listMeters',
    method: 'get',
    path: '/api/meters',
    scope: 'read',
    tag: 'Meters',
    summary: 'Find meters, by external id',
    query: input.metersQuery,
    answers: {
      200: {
        description: 'A page of meters; on the first one their total, null where a search matches more than 10,000',
        content: json(page('meters', shape.meter).extend({ total: shape.total }), {
          meters: [example.meter],
          total: 501,
          next,
        }),
      },
    },
    refusals: ['not_found', ...away],
    handle: async ({ c, query }, { agent }) => {
      const { clientSystemId = null, q, state, kind = null, location = null, collection = null, after, limit } = query
      const filter = { clientSystemId, search: q || null, state, kind, location, collection, after, limit }
      const { items, total, next } = await agent.meters(filter)
      return c.json({ meters: items, total, next: cursorText(next) })
    },
  }),
  route({
    id: 'getMeter',
    method: 'get',
    path: '/api/meters/{id}',
    scope: 'read',
    tag: 'Meters',
    summary: 'One meter',
    pathId: { schema: input.meterId, of: 'meter', example: example.meter.id },
    query: input.noQuery,
    answers: { 200: { description: 'The meter', content: json(shape.meter, example.meter) } },
    refusals: away,
    handle: async ({ c, id }, { agent }) => c.json(await agent.meter(id)),
  }),
  route({
    id: 'getMeterHistory',
    method: 'get',
    path: '/api/meters/{id}/history',
    scope: 'read',
    tag: 'Meters',
    summary: 'What runs changed of a meter, newest first',
    pathId: { schema: input.meterId, of: 'meter', example: example.meter.id },
    query: input.historyQuery,
    answers: {
      200: {
        description: 'A page of changes',
        content: json(page('changes', shape.change), { changes: [example.change], next: null }),
      },
    },
    refusals: away,
    handle: async ({ c, id, query: { before, limit } }, { agent }) => {
      const { items, next } = await agent.history(id, { before, limit })
      return c.json({ changes: items, next: cursorText(next) })
    },
  }),
]
