import { z } from 'zod'
import type { Agent } from '../agent.ts'
import { cursorText, silentCursor } from '../wire/cursors.ts'
import { clientSystemId, time } from '../wire/requests.ts'
import { collection, collectionGroup, gaps, next, silentMeter } from '../wire/schemas.ts'
import { fitting } from './fitting.ts'
import { type AddTool, limit, meterId, reads } from './tool.ts'

const groups = z.array(collectionGroup).describe('By location and kind, those with the most silent meters first')

/** The tools for the collection of readings. Answers are short: a page of 20 meters has less than 2,000 tokens. */
export function addCollectionTools(add: AddTool, agent: Agent): void {
  add('get_collection_status', {
    title: 'Collection status',
    scope: 'read',
    description:
      'How many meters report, are late, are silent and never reported, and where: the ten locations and kinds with the most trouble.',
    input: z.strictObject({ clientSystemId }),
    output: collection.extend({ groups }),
    annotations: reads,
    run: async ({ clientSystemId = null }) => {
      const [now, groups] = await Promise.all([
        agent.collection(clientSystemId),
        agent.collectionGroups(clientSystemId, 10),
      ])
      return { ...now, groups: groups.filter(({ silent, late, never }) => silent + late + never > 0) }
    },
  })

  add('list_silent_meters', {
    title: 'Silent meters',
    scope: 'read',
    description:
      'Which meters stopped sending readings, since when, and where: the meters that fell silent last first, and how many there are by location and kind.',
    input: z.strictObject({ clientSystemId, limit, before: silentCursor }),
    output: z.object({
      silent: z.int().describe('How many there are in all'),
      groups: z.array(collectionGroup.pick({ location: true, kind: true, silent: true, silentSince: true })),
      meters: z.array(silentMeter),
      next,
    }),
    annotations: reads,
    run: async ({ clientSystemId = null, limit, before }) => {
      const [{ meters }, groups, page] = await Promise.all([
        agent.collection(clientSystemId),
        before === null ? agent.collectionGroups(clientSystemId, 10) : [],
        agent.silentMeters({ clientSystemId, before, limit }),
      ])
      const silentGroups = groups.filter(({ silent }) => silent > 0)
      return {
        silent: meters.silent,
        groups: silentGroups.map(({ location, kind, silent, silentSince }) => ({
          location,
          kind,
          silent,
          silentSince,
        })),
        meters: page.items,
        next: cursorText(page.next),
      }
    },
  })

  add('get_reading_gaps', {
    title: 'Reading gaps',
    scope: 'read',
    description:
      'When readings of a meter are missing, newest first, by quantity; to is null for a gap that goes on. By default of the last seven days.',
    input: z.strictObject({ meterId, from: time, to: time, limit }),
    output: gaps.extend({ total: z.int().describe('How many gaps there are, 1,000 at most') }),
    annotations: reads,
    run: async ({ meterId, from = null, to = null, limit }) => {
      const found = await agent.gaps(meterId, { from, to })
      return { ...found, gaps: fitting(found.gaps.slice(0, limit)), total: found.gaps.length }
    },
  })
}
