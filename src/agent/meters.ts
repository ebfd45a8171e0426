import type { Agent } from '../agent.ts'
import { listTargets, tagTargets } from '../collection/targets.ts'
import { NotFoundError } from '../lib/errors.ts'
import { listHistory } from '../meters/changes.ts'
import { createFacetCache } from '../meters/facet-cache.ts'
import { exportMeters, listMeters } from '../meters/list.ts'
import { findMeter, findMeterByExternalId } from '../meters/meter.ts'
import { findClientSystem, withClientSystem } from './client-systems.ts'
import type { AgentParts } from './parts.ts'

type MeterMethods = Pick<
  Agent,
  'meter' | 'meterByExternalId' | 'meters' | 'exportMeters' | 'meterFacets' | 'history' | 'targets'
>

/** Returns the methods of the agent that find and list meters. */
export function createMeterMethods({ clientSystems, pools }: AgentParts): MeterMethods {
  const db = pools.long
  const ids = clientSystems.map(({ id }) => id)
  const countFacets = createFacetCache(db)

  const meter: Agent['meter'] = async (id) => {
    const found = await findMeter(db, ids, id)
    if (found) return found
    throw new NotFoundError('meter', id)
  }

  return {
    meter,

    meterByExternalId: async (clientSystemId, externalId) => {
      const { id } = findClientSystem(clientSystems, clientSystemId)
      const found = await findMeterByExternalId(db, id, externalId)
      if (found) return found
      throw new NotFoundError('meter', `with external id ${externalId}`)
    },

    meters: async ({ limit, ...filter }) => {
      const { more, after, ...page } = await listMeters(db, withClientSystem(clientSystems, filter), limit)
      return { ...page, next: more ? after : null }
    },

    exportMeters: (filter) => exportMeters(db, withClientSystem(clientSystems, filter)),

    meterFacets: async ({ limit, ...filter }) => await countFacets(withClientSystem(clientSystems, filter), limit),

    history: async (meterId, { before, limit }) => {
      await meter(meterId)
      return await listHistory(db, meterId, before, limit)
    },

    targets: async (filter) => {
      const named = withClientSystem(clientSystems, filter)
      return { tag: await tagTargets(db, named), pages: listTargets(db, named) }
    },
  }
}
