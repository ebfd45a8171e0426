import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Agent } from '../agent.ts'
import { type Lifetime, withLifetime } from '../lib/lifetime.ts'
import { isKept } from '../wire/condition.ts'
import { collectionStates, finishedStatuses, triggers } from '../wire/lists.ts'
import type { ClientSystemStatus, Collection, Run, StoredReadings } from '../wire/types.ts'

/** The metrics of this process for Prometheus. */
export type Metrics = Lifetime & {
  contentType: string
  /** Returns the metrics as text, with the gauges read at the call. */
  read: () => Promise<string>
  /** Counts readings that were sent to this process. */
  countReadings: (answer: StoredReadings) => void
}

/**
 * Counts runs from the start of this process on, when it is notified of their ends. Every process is notified of every run,
 * so any of them can be scraped, and a sum must use only one. Every counter begins at 0, so that `increase()` sees the first
 * failure too.
 */
export function createMetrics(agent: Agent, clientSystemIds: readonly string[], countStreams: () => number): Metrics {
  const registry = new Registry()
  const countRun = createRunCounters(registry, clientSystemIds)
  const countReadings = createReadingCounter(registry)
  const setClientSystem = createClientSystemGauges(registry)
  const setCollection = createCollectionGauges(registry)
  const setProcess = createProcessGauges(registry)
  const unwatch = agent.subscribe((event) => {
    if (event.type === 'run') countRun(event.run)
  })

  async function read(): Promise<string> {
    for (const clientSystem of (await agent.status()).clientSystems) setClientSystem(clientSystem)
    for (const id of clientSystemIds) setCollection(id, await agent.collection(id))
    setProcess({ streams: countStreams(), listening: agent.listening() })
    return await registry.metrics()
  }

  return withLifetime({ contentType: registry.contentType, read, countReadings }, unwatch)
}

const operations = ['inserted', 'updated', 'deleted', 'restored', 'rejected', 'withheld'] as const
const durationBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600]

/** Returns the function that counts a run, unless it has not finished. */
function createRunCounters(registry: Registry, clientSystemIds: readonly string[]): (run: Run) => void {
  const registers = [registry]
  const runs = new Counter({
    name: 'meter_sync_runs_total',
    help: 'Runs that ended',
    labelNames: ['client_system', 'trigger', 'status'],
    registers,
  })
  const duration = new Histogram({
    name: 'meter_sync_run_duration_seconds',
    help: 'Time from the start of a run to its end, without waiting in the queue',
    labelNames: ['client_system'],
    buckets: durationBuckets,
    registers,
  })
  const changes = new Counter({
    name: 'meter_sync_changes_total',
    help: 'Meters that runs changed (restored within updated), rows that they rejected, deletions that they withheld',
    labelNames: ['client_system', 'operation'],
    registers,
  })
  for (const client_system of clientSystemIds) {
    for (const trigger of triggers)
      for (const status of finishedStatuses) runs.inc({ client_system, trigger, status }, 0)
    for (const operation of operations) changes.inc({ client_system, operation }, 0)
    duration.zero({ client_system })
  }
  return ({ clientSystemId: client_system, trigger, status, counts, startedAt, finishedAt }) => {
    if (finishedAt === null) return
    runs.inc({ client_system, trigger, status })
    if (startedAt !== null) duration.observe({ client_system }, toSeconds(finishedAt) - toSeconds(startedAt))
    for (const operation of operations) changes.inc({ client_system, operation }, counts?.[operation] ?? 0)
  }
}

function createReadingCounter(registry: Registry): Metrics['countReadings'] {
  const readings = new Counter({
    name: 'meter_sync_readings_total',
    help: 'Readings that were sent to this process, by their outcome',
    labelNames: ['outcome'],
    registers: [registry],
  })
  const countReadings: Metrics['countReadings'] = ({ stored, duplicates, conflicts, waiting, rejected }) => {
    readings.inc({ outcome: 'stored' }, stored)
    readings.inc({ outcome: 'duplicate' }, duplicates)
    readings.inc({ outcome: 'conflict' }, conflicts)
    readings.inc({ outcome: 'waiting' }, waiting)
    readings.inc({ outcome: 'rejected' }, rejected.length)
  }
  countReadings({ stored: 0, duplicates: 0, conflicts: 0, waiting: 0, rejected: [] })
  return countReadings
}

function createClientSystemGauges(registry: Registry): (clientSystem: ClientSystemStatus) => void {
  const gauge = createGauges(registry, ['client_system'])
  const lastSuccess = gauge('meter_sync_last_success_timestamp_seconds', 'When the last run succeeded')
  const active = gauge('meter_sync_active_runs', 'Runs that are queued or running')
  const withheld = gauge('meter_sync_withheld_deletes', 'Deletions that the last success withheld')
  const kept = gauge('meter_sync_kept_deletes', 'Of those, the deletions that a person keeps for now')
  const meters = createGauges(registry, ['client_system', 'state'])('meter_sync_meters', 'Meters in the Sync database')
  return (clientSystem) => {
    const labels = { client_system: clientSystem.id }
    meters.set({ ...labels, state: 'active' }, clientSystem.meters.active)
    meters.set({ ...labels, state: 'inactive' }, clientSystem.meters.inactive)
    active.set(labels, clientSystem.activeRun ? 1 : 0)
    const heldBack = clientSystem.lastSuccess?.counts?.withheld ?? 0
    withheld.set(labels, heldBack)
    kept.set(labels, isKept(clientSystem) ? heldBack : 0)
    const succeededAt = clientSystem.lastSuccess?.finishedAt
    if (succeededAt) lastSuccess.set(labels, toSeconds(succeededAt))
  }
}

function createCollectionGauges(registry: Registry): (clientSystemId: string, collection: Collection) => void {
  const gauge = createGauges(registry, ['client_system'])
  const waitingReadings = gauge('meter_sync_waiting_readings', 'Readings that wait for a meter that is not known')
  const newest = gauge('meter_sync_newest_reading_timestamp_seconds', 'Time of the newest reading')
  const meters = createGauges(registry, ['client_system', 'state'])(
    'meter_sync_collection_meters',
    'Meters by the state of their collection',
  )
  return (client_system, { meters: byState, newestReadingAt, waiting }) => {
    for (const state of collectionStates) meters.set({ client_system, state }, byState[state])
    waitingReadings.set({ client_system }, waiting.readings)
    if (newestReadingAt !== null) newest.set({ client_system }, toSeconds(newestReadingAt))
  }
}

function createProcessGauges(registry: Registry): (current: { streams: number; listening: boolean }) => void {
  const gauge = createGauges(registry, [])
  const openStreams = gauge('meter_sync_event_streams', 'Event streams that are open')
  const listener = gauge('meter_sync_listener_connected', '1 while this process receives notifications')
  return ({ streams, listening }) => {
    openStreams.set(streams)
    listener.set(listening ? 1 : 0)
  }
}

/** Returns a function that registers a gauge with these labels. */
function createGauges<Label extends string>(registry: Registry, labelNames: Label[]) {
  return (name: string, help: string) => new Gauge({ name, help, labelNames, registers: [registry] })
}

function toSeconds(time: string): number {
  return Date.parse(time) / 1_000
}
