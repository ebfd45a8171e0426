import { z } from 'zod'
import { cursorText } from '../../wire/cursors.ts'
import * as shape from '../../wire/schemas.ts'
import { answerText, csvType, hasVersion } from '../export/answer.ts'
import { targetsToCsv, targetsToJson, targetsToPrometheus } from '../export/targets.ts'
import * as example from './examples.ts'
import * as input from './inputs.ts'
import { csv, json, page } from './operation.ts'
import { type Route, route } from './route.ts'

/** The routes for the collection of readings, and for the targets of collectors. */
export const collectionRoutes: readonly Route[] = [
  route({
    id: 'getCollection',
    method: 'get',
    path: '/api/collection',
    scope: 'read',
    tag: 'Readings',
    summary: 'Count the meters that report, are late, are silent, and never reported',
    description:
      'The time of the last reading of each meter decides, whichever program stored it. The expected interval comes from the column `reading_interval` of the query, otherwise from READING_INTERVAL_MINUTES.',
    query: input.clientSystemQuery,
    answers: { 200: { description: 'The numbers of meters', content: json(shape.collection, example.collection) } },
    refusals: ['not_found'],
    handle: async ({ c, query: { clientSystemId } }, { agent }) => c.json(await agent.collection(clientSystemId)),
  }),
  route({
    id: 'listCollectionGroups',
    method: 'get',
    path: '/api/collection/groups',
    scope: 'read',
    tag: 'Readings',
    summary: 'The active meters by location and kind, those with the most silent ones first',
    query: input.clientSystemQuery,
    answers: {
      200: {
        description: 'The first 50 groups',
        content: json(z.object({ groups: z.array(shape.collectionGroup) }), { groups: [example.collectionGroup] }),
      },
    },
    refusals: ['not_found'],
    handle: async ({ c, query: { clientSystemId } }, { agent }) =>
      c.json({ groups: await agent.collectionGroups(clientSystemId, 50) }),
  }),
  route({
    id: 'listSilentMeters',
    method: 'get',
    path: '/api/collection/silent',
    scope: 'read',
    tag: 'Readings',
    summary: 'The silent meters, the latest to fall silent first',
    query: input.silentQuery,
    answers: {
      200: {
        description: 'A page of meters',
        content: json(page('meters', shape.silentMeter), { meters: [example.silentMeter], next: null }),
      },
    },
    refusals: ['not_found'],
    handle: async ({ c, query }, { agent }) => {
      const { items, next } = await agent.silentMeters(query)
      return c.json({ meters: items, next: cursorText(next) })
    },
  }),
  route({
    id: 'listReadingGaps',
    method: 'get',
    path: '/api/meters/{id}/gaps',
    scope: 'read',
    tag: 'Readings',
    summary: 'The periods without readings of a meter, newest first',
    description:
      'By quantity. A gap is between two readings that are more than one and a half expected intervals apart, or from the last reading to the end of the period. The first 1,000.',
    pathId: input.meterId,
    query: input.gapsQuery,
    answers: { 200: { description: 'The gaps', content: json(shape.gaps, example.gaps) } },
    handle: async ({ c, id, query }, { agent }) => c.json(await agent.gaps(id, query)),
  }),
  route({
    id: 'listTargets',
    method: 'get',
    path: '/api/targets',
    scope: 'read',
    tag: 'Readings',
    summary: 'The targets of collectors: the active meters, with address, port and attributes',
    description:
      'All targets in one answer of any size. A request with the ETag of the previous answer in `If-None-Match` gets 304 until a sync changes a meter.',
    query: input.targetsQuery,
    headers: { 'If-None-Match': { description: 'The ETag of the previous answer', example: '"none"' } },
    answers: {
      200: {
        description: 'The targets',
        headers: { ETag: 'Names this version of the targets' },
        content: {
          ...json(z.union([z.object({ targets: z.array(shape.target) }), z.array(shape.scrapeTarget)]), {
            targets: [example.target],
          }),
          ...csv(example.csvTargets),
        },
      },
      304: { description: 'Nothing has changed', headers: { ETag: 'Names this version of the targets' } },
    },
    refusals: ['not_found'],
    handle: async ({ c, query: { clientSystemId, kind, location, format } }, { agent }) => {
      const { tag, pages } = await agent.targets({ clientSystemId, kind, location })
      const etag = `"${format}-${tag}"`
      if (hasVersion(c, etag)) return c.body(null, 304, { ETag: etag })
      if (format === 'csv') {
        return await answerText(c, targetsToCsv(pages), { 'Content-Type': csvType, ETag: etag })
      }
      const pieces = format === 'prometheus' ? targetsToPrometheus(pages) : targetsToJson(pages)
      return await answerText(c, pieces, { 'Content-Type': 'application/json', ETag: etag })
    },
  }),
]
