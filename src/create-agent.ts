import { setTimeout } from 'node:timers/promises'
import type pg from 'pg'
import type { Access } from './access/access.ts'
import type { Agent, Page } from './agent.ts'
import { groupCollection, listSilentMeters } from './collection/silent.ts'
import { summarizeCollection } from './collection/summary.ts'
import { listTargets, tagTargets } from './collection/targets.ts'
import type { ClientSystem } from './config/environment.ts'
import { drizzle } from './db/drizzle.ts'
import { isMigrated } from './db/migrate.ts'
import type { ResultPage } from './db/pages.ts'
import { AgentError, NotFoundError } from './lib/errors.ts'
import type { Live } from './live/live.ts'
import { listChanges, listHistory, listRejected } from './meters/changes.ts'
import { countFacets } from './meters/facets.ts'
import { exportMeters, listMeters } from './meters/list.ts'
import { findMeter, findMeterByExternalId } from './meters/meter.ts'
import type { Previews } from './mirror/previews.ts'
import { findGaps } from './readings/gaps.ts'
import { listReadings } from './readings/list.ts'
import { exportReadings, listAllReadings, toMeterReading } from './readings/list-all.ts'
import { type IncomingReading, storeReadings } from './readings/store.ts'
import { listWaiting, maxWaiting } from './readings/waiting.ts'
import type { CancelRun } from './runs/cancel.ts'
import { readRunHistory } from './runs/history.ts'
import { keepDeletions, listKeptDeletions, releaseDeletions } from './runs/kept.ts'
import { findActiveRun, findRun, listRuns } from './runs/list.ts'
import type { TriggerRun } from './runs/trigger.ts'
import type { Settings, StoredReadings } from './wire/types.ts'
import type { WaitingSyncs } from './workers/waiting.ts'

/** The parts behind the public interface. */
export type AgentParts = {
  clientSystems: readonly ClientSystem[]
  settings: Settings
  /** For short statements, such as those for the state of runs. */
  pool: pg.Pool
  /** For lists of meters and history. */
  lists: pg.Pool
  /** For the readings that collectors send. */
  readings: pg.Pool
  access: Access
  live: Live
  previews: Previews
  trigger: TriggerRun
  cancel: CancelRun
  waitingSyncs: WaitingSyncs
  /** The names of the quantities that only grow. */
  registers: readonly string[]
  testAlerts: Agent['testAlerts']
  isQueueReady: () => Promise<boolean>
}

const unkeptReason = `no meter has this externalId, and it is longer than 1,000 bytes or ${maxWaiting.toLocaleString('en')} readings wait already`

/** The default period for gaps: the last seven days. */
const defaultGapsPeriodMs = 7 * 86_400_000

/** The timeout of a readiness check. Probes give up after a few seconds. */
const readyTimeoutMs = 3_000

export function createAgent(parts: AgentParts): Agent {
  const { clientSystems, pool, lists, readings, access, live, previews } = parts
  const db = drizzle(pool)
  const ids = clientSystems.map(({ id }) => id)

  function clientSystem(id: string | null): ClientSystem {
    const [only, ...others] = clientSystems
    if (id === null && only && others.length === 0) return only
    const found = clientSystems.find((candidate) => candidate.id === id)
    if (found) return found
    const hint = `Known are: ${ids.join(', ')}`
    if (id === null) throw new AgentError('bad_request', 'Name the Client System: clientSystemId', { hint })
    throw new AgentError('not_found', `There is no Client System ${id}`, { hint })
  }

  const run: Agent['run'] = async (id) => {
    const found = await findRun(db, id)
    if (found && ids.includes(found.clientSystemId)) return found
    throw new NotFoundError('run', id)
  }

  const meter: Agent['meter'] = async (id) => {
    const found = await findMeter(lists, ids, id)
    if (found) return found
    throw new NotFoundError('meter', id)
  }

  return {
    access,
    status: live.status,
    watch: live.subscribe,
    subscribeSince: live.subscribeSince,
    listening: live.listening,
    run,
    meter,

    trigger: async (request) =>
      await parts.trigger({ ...request, clientSystemId: clientSystem(request.clientSystemId).id }),

    preview: async (id, signal) => {
      const named = clientSystem(id)
      const active = await findActiveRun(db, named.id)
      return active ? { active } : { preview: await previews.preview(named, signal) }
    },

    keepDeletions: async (request) => {
      const { id } = clientSystem(request.clientSystemId)
      await keepDeletions(pool, { ...request, clientSystemId: id })
      return (await listKeptDeletions(db, [id])).get(id) ?? null
    },

    releaseDeletions: async (clientSystemId) => await releaseDeletions(pool, clientSystem(clientSystemId).id),

    testAlerts: parts.testAlerts,

    activeRun: async (clientSystemId) => await findActiveRun(db, clientSystem(clientSystemId).id),

    cancel: async (id) => {
      const cancelled = await parts.cancel(await run(id))
      return { run: await run(id), cancelled }
    },

    runs: async (filter) => {
      const clientSystemIds = [clientSystem(filter.clientSystemId).id]
      const found = await listRuns(drizzle(lists), { ...filter, clientSystemIds }, filter.limit)
      return toPage(found, ({ queuedAt, id }) => ({ queuedAt, id }))
    },

    settings: parts.settings,

    runHistory: async (id) => await readRunHistory(lists, clientSystem(id)),

    changes: async (runId, filter) => {
      const { clientSystemId, counts } = await run(runId)
      const inserted = (counts?.inserted ?? 0) > 0
      const found = await listChanges(lists, { runId, clientSystemId, inserted, ...filter }, filter.limit)
      return toPage(found, ({ externalId }) => externalId)
    },

    rejected: async (runId, { after, limit }) => {
      await run(runId)
      const found = toPage(await listRejected(lists, runId, after, limit), ({ id }) => id)
      return { items: found.items.map(({ rejected }) => rejected), next: found.next }
    },

    meters: async ({ limit, ...filter }) => {
      const { id } = clientSystem(filter.clientSystemId)
      const { more, after, ...page } = await listMeters(lists, { ...filter, clientSystemId: id }, limit)
      return { ...page, next: more ? after : null }
    },

    exportMeters: (filter) =>
      exportMeters(lists, { ...filter, clientSystemId: clientSystem(filter.clientSystemId).id }),

    meterFacets: async ({ limit, ...filter }) =>
      await countFacets(lists, { ...filter, clientSystemId: clientSystem(filter.clientSystemId).id }, limit),

    meterByExternalId: async (clientSystemId, externalId) => {
      const { id } = clientSystem(clientSystemId)
      const found = await findMeterByExternalId(lists, id, externalId)
      if (found) return found
      throw new NotFoundError('meter', `with external id ${externalId}`)
    },

    history: async (meterId, { before, limit }) => {
      await meter(meterId)
      const found = toPage(await listHistory(lists, meterId, before, limit), ({ cursor }) => cursor)
      return { items: found.items.map(({ change }) => change), next: found.next }
    },

    collection: async (clientSystemId) => await summarizeCollection(lists, clientSystem(clientSystemId)),

    collectionGroups: async (clientSystemId, limit) =>
      await groupCollection(lists, clientSystem(clientSystemId).id, limit),

    silentMeters: async ({ clientSystemId, before, limit }) => {
      const { id } = clientSystem(clientSystemId)
      const found = toPage(await listSilentMeters(lists, id, before, limit), ({ cursor }) => cursor)
      return { items: found.items.map(({ meter }) => meter), next: found.next }
    },

    gaps: async (meterId, { from, to }) => {
      const { readingIntervalMinutes } = await meter(meterId)
      const end = to ?? new Date().toISOString()
      const begin = from ?? new Date(Date.parse(end) - defaultGapsPeriodMs).toISOString()
      const gaps = await findGaps(lists, { meterId, from: begin, to: end, readingIntervalMinutes })
      return { from: begin, to: end, readingIntervalMinutes, gaps }
    },

    readings: async (meterId, { limit, ...filter }) => {
      await meter(meterId)
      const found = toPage(
        await listReadings(lists, { meterId, ...filter, registers: parts.registers }, limit),
        ({ cursor }) => cursor,
      )
      return { items: found.items.map(({ reading }) => reading), next: found.next }
    },

    allReadings: async ({ limit, after, ...filter }) => {
      const asked = { ...filter, clientSystemId: clientSystem(filter.clientSystemId).id }
      const found = toPage(await listAllReadings(lists, asked, after, limit), ({ cursor }) => cursor)
      return { items: found.items.map(toMeterReading), next: found.next }
    },

    exportReadings: async (filter) => {
      const clientSystemId =
        filter.meterId === null ? clientSystem(filter.clientSystemId).id : (await meter(filter.meterId)).clientSystemId
      return { clientSystemId, pages: exportReadings(lists, { ...filter, clientSystemId }) }
    },

    targets: async (filter) => {
      const asked = { ...filter, clientSystemId: clientSystem(filter.clientSystemId).id }
      return { tag: await tagTargets(lists, asked), pages: listTargets(lists, asked) }
    },

    waitingMeters: async ({ clientSystemId, after, limit }) =>
      toPage(await listWaiting(lists, clientSystem(clientSystemId).id, after, limit), ({ externalId }) => externalId),

    storeReadings: async (sent) => {
      if (sent.length === 0) return { stored: 0, duplicates: 0, conflicts: 0, waiting: 0, rejected: [] }
      const rejected: StoredReadings['rejected'] = []
      function* incoming(): Generator<IncomingReading> {
        for (const reading of sent) {
          const clientSystemId = reading.clientSystemId ?? (ids.length === 1 ? ids[0] : undefined)
          if (clientSystemId !== undefined && ids.includes(clientSystemId)) {
            yield { ...reading, clientSystemId, unit: reading.unit ?? null }
          } else {
            rejected.push({ line: reading.line, reason: `clientSystemId must be one of: ${ids.join(', ')}` })
          }
        }
      }
      const { rejected: unkept, waitingFor, ...counts } = await storeReadings(readings, incoming())
      for (const line of unkept) rejected.push({ line, reason: unkeptReason })
      for (const clientSystemId of waitingFor) parts.waitingSyncs.wanted(clientSystemId)
      return { ...counts, rejected }
    },

    unready: async () => {
      const checks: [string, () => Promise<boolean>][] = [
        ['Sync database', async () => (await pool.query('select 1')).rowCount === 1],
        ['migrations', () => isMigrated(pool)],
        ['jobs', parts.isQueueReady],
        ['listener', async () => live.listening()],
      ]
      const answers = await Promise.all(
        checks.map(async ([name, check]) => {
          // A connection that is half-open answers nothing for long.
          const late = setTimeout(readyTimeoutMs, false, { ref: false })
          return (await Promise.race([check().catch(() => false), late])) ? null : name
        }),
      )
      return answers.filter((name) => name !== null)
    },
  }
}

function toPage<Item, Cursor>({ items, more }: ResultPage<Item>, cursor: (item: Item) => Cursor): Page<Item, Cursor> {
  const last = items.at(-1)
  return { items, next: more && last !== undefined ? cursor(last) : null }
}
