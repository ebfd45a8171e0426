import { z } from 'zod'
import * as shape from '../../wire/schemas.ts'
import { readingSchema } from '../readings.ts'
import * as example from './examples.ts'
import * as input from './inputs.ts'
import { json, type Operation, page } from './operation.ts'

const away = ['database_unavailable'] as const
const next = 'eyJhdCI6IjIwMjYifQ'

/** Meters and their readings. */
export const meterOperations: readonly Operation[] = [
  {
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
  },
  {
    id: 'getMeter',
    method: 'get',
    path: '/api/meters/{id}',
    scope: 'read',
    tag: 'Meters',
    summary: 'One meter',
    pathId: { schema: input.meterId, example: example.meter.id },
    query: input.noQuery,
    answers: { 200: { description: 'The meter', content: json(shape.meter, example.meter) } },
    refusals: away,
  },
  {
    id: 'getMeterHistory',
    method: 'get',
    path: '/api/meters/{id}/history',
    scope: 'read',
    tag: 'Meters',
    summary: 'What runs changed of a meter, newest first',
    pathId: { schema: input.meterId, example: example.meter.id },
    query: input.historyQuery,
    answers: {
      200: {
        description: 'A page of changes',
        content: json(page('changes', shape.change), { changes: [example.change], next: null }),
      },
    },
    refusals: away,
  },
  {
    id: 'listReadings',
    method: 'get',
    path: '/api/meters/{id}/readings',
    scope: 'read',
    tag: 'Readings',
    summary: 'The readings of a meter, newest first',
    pathId: { schema: input.meterId, example: example.meter.id },
    query: input.readingsQuery,
    answers: {
      200: {
        description: 'A page of readings',
        content: json(page('readings', shape.reading), { readings: [example.reading], next: null }),
      },
    },
    refusals: away,
  },
  {
    id: 'getCollection',
    scope: 'read',
    method: 'get',
    path: '/api/collection',
    tag: 'Readings',
    summary: 'How many meters report, are late, are silent, and never reported',
    description:
      'Counted from the time of the last reading of each meter, whoever stored it. The expected interval is that of the column `reading_interval` of the query, otherwise READING_INTERVAL_MINUTES.',
    query: input.collectionQuery,
    answers: { 200: { description: 'The numbers of meters', content: json(shape.collection, example.collection) } },
    refusals: ['not_found', ...away],
  },
  {
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
  },
]
