import { z } from 'zod'
import { cursorText, silentCursor } from '../../wire/cursors.ts'
import { clientSystemId, requestTime } from '../../wire/requests.ts'
import { collection, collectionGroup, gaps, next, silentMeter } from '../../wire/schemas.ts'
import { firstThatFit } from '../answer-size.ts'
import { readOnly, type Tool, tool } from '../tool.ts'
import { limit, meterId } from './inputs.ts'

const maxGroups = 10

/** The tools for the collection of readings: which meters report, and which readings are missing. */
export const collectionTools: readonly Tool[] = [
  tool({
    name: 'get_collection_status',
    title: 'Collection status',
    scope: 'read',
    annotations: readOnly,
    description:
      'How many meters report, are late, are silent and never reported, with the ten locations and kinds that have the most such meters.',
    input: z.strictObject({ clientSystemId }),
    output: collection.extend({
      groups: z.array(collectionGroup).describe('By location and kind, those with the most silent meters first'),
    }),
    handle: async ({ clientSystemId }, { agent }) => {
      const [collection, groups] = await Promise.all([
        agent.collection(clientSystemId),
        agent.collectionGroups(clientSystemId, maxGroups),
      ])
      return { ...collection, groups: groups.filter(({ silent, late, never }) => silent + late + never > 0) }
    },
  }),
  tool({
    name: 'list_silent_meters',
    title: 'Silent meters',
    scope: 'read',
    annotations: readOnly,
    description:
      'The meters that stopped sending readings, with the time and place: the latest to fall silent first, and their number by location and kind.',
    input: z.strictObject({ clientSystemId, limit, before: silentCursor }),
    output: z.object({
      silent: z.int().describe('The number of all silent meters'),
      groups: z.array(collectionGroup.pick({ location: true, kind: true, silent: true, silentSince: true })),
      meters: z.array(silentMeter.omit({ readingIntervalMinutes: true })),
      next,
    }),
    handle: async ({ clientSystemId, limit, before }, { agent }) => {
      const [{ meters }, groups, page] = await Promise.all([
        agent.collection(clientSystemId),
        before === null ? agent.collectionGroups(clientSystemId, maxGroups) : [],
        agent.silentMeters({ clientSystemId, before, limit }),
      ])
      const silentGroups = groups
        .filter(({ silent }) => silent > 0)
        .map(({ location, kind, silent, silentSince }) => ({ location, kind, silent, silentSince }))
      const silentMeters = page.items.map(({ readingIntervalMinutes: _, ...meter }) => meter)
      return { silent: meters.silent, groups: silentGroups, meters: silentMeters, next: cursorText(page.next) }
    },
  }),
  tool({
    name: 'get_reading_gaps',
    title: 'Reading gaps',
    scope: 'read',
    annotations: readOnly,
    description:
      'The periods without readings of a meter, newest first, by quantity; to is null for a gap that continues. Default: the last seven days.',
    input: z.strictObject({ meterId, from: requestTime, to: requestTime, limit }),
    output: gaps.extend({ total: z.int().describe('The number of gaps, 1,000 at most') }),
    handle: async ({ meterId, from, to, limit }, { agent }) => {
      const found = await agent.gaps(meterId, { from, to })
      return { ...found, gaps: firstThatFit(found.gaps.slice(0, limit)), total: found.gaps.length }
    },
  }),
]
