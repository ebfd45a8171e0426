import { z } from 'zod'
import { cursorText } from '../../wire/cursors.ts'
import * as shape from '../../wire/schemas.ts'
import { answerReadingsCsv } from '../export/readings.ts'
import { answerReadings } from '../readings/answer.ts'
import { readingSchema } from '../readings/schema.ts'
import * as example from './examples.ts'
import * as input from './inputs.ts'
import { csv, json, page } from './operation.ts'
import { type Route, route } from './route.ts'

/** The routes for readings. */
export const readingRoutes: readonly Route[] = [
  route({
    id: 'listReadings',
    method: 'get',
    path: '/api/meters/{id}/readings',
    scope: 'read',
    tag: 'Readings',
    summary: 'The readings of a meter, newest first; as CSV from old to new',
    pathId: input.meterId,
    query: input.readingsQuery,
    answers: {
      200: {
        description: 'A page of readings, or all of them as CSV',
        content: {
          ...json(page('readings', shape.flaggedReading), {
            readings: [{ ...example.reading, flags: [] }],
            next: null,
          }),
          ...csv(example.csvReadings),
        },
      },
    },
    handle: async ({ c, id, query: { from, to, before, limit, format } }, { agent }) => {
      if (format === 'csv') {
        const filter = { clientSystemId: null, meterId: id, kind: null, location: null, from, to }
        return await answerReadingsCsv(c, await agent.exportReadings(filter))
      }
      const { items, next } = await agent.readings(id, { from, to, before, limit })
      return c.json({ readings: items, next: cursorText(next) })
    },
  }),
  route({
    id: 'listAllReadings',
    method: 'get',
    path: '/api/readings',
    scope: 'read',
    tag: 'Readings',
    summary: 'The readings of many meters, by meter, then from old to new',
    description:
      'JSON is one page; CSV is all readings in one answer of any size, with the columns that POST accepts. An answer that is cut off is not complete.',
    query: input.allReadingsQuery,
    answers: {
      200: {
        description: 'A page of readings, or all of them as CSV',
        content: {
          ...json(page('readings', shape.meterReading), { readings: [example.meterReading], next: null }),
          ...csv(example.csvReadings),
        },
      },
    },
    refusals: ['not_found'],
    handle: async ({ c, query }, { agent }) => {
      const { clientSystemId, kind, location, from, to, format, ...paged } = query
      const filter = { clientSystemId, meterId: null, kind, location, from, to }
      if (format === 'csv') return await answerReadingsCsv(c, await agent.exportReadings(filter))
      const { items, next } = await agent.allReadings({ ...filter, ...paged })
      return c.json({ readings: items, next: cursorText(next) })
    },
  }),
  route({
    id: 'listWaitingReadings',
    method: 'get',
    path: '/api/readings/waiting',
    scope: 'read',
    tag: 'Readings',
    summary: 'The external ids without a meter, with the number of readings that wait for each',
    description:
      'Readings wait for 30 days. An external id that stays in this list is a typing error of a collector, or a meter that is missing in the Client System.',
    query: input.waitingQuery,
    answers: {
      200: {
        description: 'A page of external ids',
        content: json(page('waiting', shape.waitingMeter), { waiting: [example.waitingMeter], next: null }),
      },
    },
    refusals: ['not_found'],
    handle: async ({ c, query }, { agent }) => {
      const { items, next } = await agent.waitingMeters(query)
      return c.json({ waiting: items, next: cursorText(next) })
    },
  }),
  route({
    id: 'storeReadings',
    method: 'post',
    path: '/api/readings',
    scope: 'ingest',
    tag: 'Readings',
    summary: 'Store readings by external id',
    description:
      'Each reading is stored or rejected by itself. A reading that is already stored counts as a duplicate, and one with another value or unit than the stored one as a conflict. Readings of inactive meters are stored too. A reading of an unknown meter waits: the first one of an external id starts a sync, and the sync that inserts the meter stores its readings. 10 MB and 200,000 readings at most.',
    query: input.noQuery,
    body: {
      description:
        'A JSON array, one JSON object a line, or CSV with the names of the columns in the first line. The agent recognizes the format by the body. In CSV it removes the apostrophe that `format=csv` puts before a text',
      content: {
        ...json(z.array(readingSchema), [example.sentReading]),
        'application/x-ndjson': { schema: readingSchema, example: example.sentReading },
        ...csv(example.csvReadings),
      },
    },
    answers: {
      200: {
        description: 'The number of readings with each outcome, and the rejected ones',
        content: json(shape.storedReadings, {
          stored: 1,
          duplicates: 0,
          conflicts: 0,
          waiting: 0,
          rejected: [{ line: 2, reason: 'value must be a number' }],
        }),
      },
    },
    maxBodyBytes: 10 * 1_024 * 1_024,
    handle: async ({ c }, { agent, receiveReadings, metrics }) => {
      return await receiveReadings(c, async ({ readings, rejected: unreadable }) => {
        const { rejected: unknown, ...counts } = await agent.storeReadings(readings)
        const byLine = (one: { line: number }, other: { line: number }) => one.line - other.line
        const rejected = unknown.length > 0 ? [...unreadable, ...unknown].sort(byLine) : unreadable
        metrics.countReadings({ ...counts, rejected })
        return answerReadings(c, counts, rejected)
      })
    },
  }),
]
