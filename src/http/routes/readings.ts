import { z } from 'zod'
import { cursorText } from '../../wire/cursors.ts'
import * as shape from '../../wire/schemas.ts'
import { answerReadings, readingSchema } from '../readings.ts'
import * as example from './examples.ts'
import * as input from './inputs.ts'
import { json, page } from './operation.ts'
import { type Route, route } from './route.ts'

const away = ['database_unavailable'] as const

/** Readings of meters. */
export const readingRoutes: readonly Route[] = [
  route({
    id: 'listReadings',
    method: 'get',
    path: '/api/meters/{id}/readings',
    scope: 'read',
    tag: 'Readings',
    summary: 'The readings of a meter, newest first',
    pathId: { schema: input.meterId, of: 'meter', example: example.meter.id },
    query: input.readingsQuery,
    answers: {
      200: {
        description: 'A page of readings',
        content: json(page('readings', shape.reading), { readings: [example.reading], next: null }),
      },
    },
    refusals: away,
    handle: async ({ c, id, query: { from = null, to = null, before, limit } }, { agent }) => {
      const { items, next } = await agent.readings(id, { from, to, before, limit })
      return c.json({ readings: items, next: cursorText(next) })
    },
  }),
  route({
    id: 'getCollection',
    method: 'get',
    path: '/api/collection',
    scope: 'read',
    tag: 'Readings',
    summary: 'How many meters report, are late, are silent, and never reported',
    description:
      'Counted from the time of the last reading of each meter, whoever stored it. The expected interval is that of the column `reading_interval` of the query, otherwise READING_INTERVAL_MINUTES.',
    query: input.collectionQuery,
    answers: { 200: { description: 'The numbers of meters', content: json(shape.collection, example.collection) } },
    refusals: ['not_found', ...away],
    handle: async ({ c, query: { clientSystemId = null } }, { agent }) =>
      c.json(await agent.collection(clientSystemId)),
  }),
  route({
    id: 'storeReadings',
    method: 'post',
    path: '/api/readings',
    scope: 'ingest',
    tag: 'Readings',
    summary: 'Store readings by external id',
    description:
      'Each reading is taken or rejected by itself; one that is stored already counts as a duplicate, and one that contradicts what is stored as a conflict. Readings of inactive meters are taken too. 10 MB and 200,000 readings at most.',
    query: input.noQuery,
    body: {
      description: 'A JSON array, or one object a line; the agent looks at the body, not at its Content-Type',
      content: {
        ...json(z.array(readingSchema), [example.sentReading]),
        'application/x-ndjson': { schema: readingSchema, example: example.sentReading },
      },
    },
    answers: {
      200: {
        description: 'What became of them',
        content: json(shape.storedReadings, {
          stored: 1,
          duplicates: 0,
          conflicts: 0,
          rejected: [{ line: 2, reason: 'no meter has this externalId' }],
        }),
      },
    },
    refusals: away,
    maxBodyBytes: 10 * 1_024 * 1_024,
    handle: async ({ c }, { agent, readReadings }) => {
      return await readReadings(c, async ({ readings, rejected: unreadable }) => {
        const { rejected: unknown, ...counts } = await agent.storeReadings(readings)
        const byLine = (one: { line: number }, other: { line: number }) => one.line - other.line
        return answerReadings(c, counts, unknown.length > 0 ? [...unreadable, ...unknown].sort(byLine) : unreadable)
      })
    },
  }),
]
