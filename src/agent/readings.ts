import type { Agent, SentReading } from '../agent.ts'
import { groupCollection } from '../collection/groups.ts'
import { listSilentMeters } from '../collection/silent.ts'
import { summarizeCollection } from '../collection/summary.ts'
import { findGaps } from '../readings/gaps.ts'
import { listReadings } from '../readings/list.ts'
import { exportReadings, listAllReadings, toMeterReading } from '../readings/list-all.ts'
import { type IncomingReading, storeReadings } from '../readings/store.ts'
import { listWaiting, maxWaiting } from '../readings/waiting.ts'
import type { StoredReadings } from '../wire/types.ts'
import { findClientSystem, withClientSystem } from './client-systems.ts'
import type { AgentParts } from './parts.ts'

type ReadingMethods = Pick<
  Agent,
  | 'collection'
  | 'collectionGroups'
  | 'silentMeters'
  | 'gaps'
  | 'readings'
  | 'allReadings'
  | 'exportReadings'
  | 'waitingMeters'
  | 'storeReadings'
>

/** The default period for gaps: the last seven days. */
const defaultGapsPeriodMs = 7 * 86_400_000

/** Returns the methods of the agent that store and list readings. `meter` throws where there is no such meter. */
export function createReadingMethods(parts: AgentParts, meter: Agent['meter']): ReadingMethods {
  const { clientSystems, pools, registers } = parts
  const db = pools.long
  return {
    collection: async (clientSystemId) =>
      await summarizeCollection(db, findClientSystem(clientSystems, clientSystemId)),

    collectionGroups: async (clientSystemId, limit) =>
      await groupCollection(db, findClientSystem(clientSystems, clientSystemId).id, limit),

    silentMeters: async ({ clientSystemId, before, limit }) =>
      await listSilentMeters(db, findClientSystem(clientSystems, clientSystemId).id, before, limit),

    gaps: async (meterId, period) => {
      const { readingIntervalMinutes } = await meter(meterId)
      const to = period.to ?? new Date().toISOString()
      const from = period.from ?? new Date(Date.parse(to) - defaultGapsPeriodMs).toISOString()
      const gaps = await findGaps(db, { meterId, from, to, readingIntervalMinutes })
      return { from, to, readingIntervalMinutes, gaps }
    },

    readings: async (meterId, { limit, ...filter }) => {
      await meter(meterId)
      return await listReadings(db, { meterId, ...filter, registers }, limit)
    },

    allReadings: async ({ limit, after, ...filter }) => {
      const { items, next } = await listAllReadings(db, withClientSystem(clientSystems, filter), after, limit)
      return { items: items.map(toMeterReading), next }
    },

    exportReadings: async (filter) => {
      const { clientSystemId } =
        filter.meterId === null ? withClientSystem(clientSystems, filter) : await meter(filter.meterId)
      return { clientSystemId, pages: exportReadings(db, { ...filter, clientSystemId }) }
    },

    waitingMeters: async ({ clientSystemId, after, limit }) =>
      await listWaiting(db, findClientSystem(clientSystems, clientSystemId).id, after, limit),

    storeReadings: async (sent) => await storeSentReadings(sent, parts),
  }
}

const unstorableReason = `no meter has this externalId, and it is longer than 1,000 bytes or ${maxWaiting.toLocaleString('en')} readings wait already`

/** Stores readings, and requests a sync for the Client Systems of those that wait for their meters. */
async function storeSentReadings(
  sent: readonly SentReading[],
  { clientSystems, pools, waitingSyncs }: AgentParts,
): Promise<StoredReadings> {
  if (sent.length === 0) return { stored: 0, duplicates: 0, conflicts: 0, waiting: 0, rejected: [] }
  const ids = clientSystems.map(({ id }) => id)
  const rejected: StoredReadings['rejected'] = []
  function* namedReadings(): Generator<IncomingReading> {
    for (const reading of sent) {
      const clientSystemId = reading.clientSystemId ?? (ids.length === 1 ? ids[0] : undefined)
      if (clientSystemId !== undefined && ids.includes(clientSystemId)) {
        yield { ...reading, clientSystemId, unit: reading.unit ?? null }
      } else {
        rejected.push({ line: reading.line, reason: `clientSystemId must be one of: ${ids.join(', ')}` })
      }
    }
  }
  const { rejected: unstorable, waitingFor, ...counts } = await storeReadings(pools.readings, namedReadings())
  for (const line of unstorable) rejected.push({ line, reason: unstorableReason })
  for (const clientSystemId of waitingFor) waitingSyncs.request(clientSystemId)
  return { ...counts, rejected }
}
