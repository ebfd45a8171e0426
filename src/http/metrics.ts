import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Agent } from '../agent.ts'
import { type Lifetime, withLifetime } from '../lib/lifetime.ts'
import { isKept } from '../wire/condition.ts'
import { collectionStates, finishedStatuses, triggers } from '../wire/lists.ts'
import type { StoredReadings } from '../wire/types.ts'

/** What Prometheus reads of this process. */
export type Metrics = Lifetime & {
  contentType: string
  /** The exposition, with the gauges as they are now. */
  read: () => Promise<string>
  /** Counts readings that were sent to this process. */
  countReadings: (answer: StoredReadings) => void
}

const outcomes = ['stored', 'duplicate', 'conflict', 'waiting', 'rejected'] as const
const operations = ['inserted', 'updated', 'deleted', 'restored', 'rejected', 'withheld'] as const
const seconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600]

/**
 * Counts runs when this process is notified of their ends, from its start on. Every process is notified of every run, so any
 * of them can be scraped, and a sum must use only one. Every counter begins at 0, so that `increase()` sees the first failure
 * too. Gauges are read at the scrape.
 */
export function createMetrics(agent: Agent, clientSystemIds: readonly string[], countStreams: () => number): Metrics {
  const registry = new Registry()
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
    buckets: seconds,
    registers,
  })
  const changes = new Counter({
    name: 'meter_sync_changes_total',
    help: 'Meters that runs changed (restored within updated), rows that they rejected, deletions that they withheld',
    labelNames: ['client_system', 'operation'],
    registers,
  })
  const readings = new Counter({
    name: 'meter_sync_readings_total',
    help: 'Readings that were sent to this process, by what became of them',
    labelNames: ['outcome'],
    registers,
  })
  for (const outcome of outcomes) readings.inc({ outcome }, 0)
  for (const client_system of clientSystemIds) {
    for (const trigger of triggers)
      for (const status of finishedStatuses) runs.inc({ client_system, trigger, status }, 0)
    for (const operation of operations) changes.inc({ client_system, operation }, 0)
    duration.zero({ client_system })
  }
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers })
  const lastSuccess = gauge('meter_sync_last_success_timestamp_seconds', 'When the last run succeeded', [
    'client_system',
  ])
  const meters = gauge('meter_sync_meters', 'Meters in the Sync database', ['client_system', 'state'])
  const active = gauge('meter_sync_active_runs', 'Runs that are queued or running', ['client_system'])
  const collected = gauge('meter_sync_collection_meters', 'Meters by the state of their collection', [
    'client_system',
    'state',
  ])
  const waitingReadings = gauge('meter_sync_waiting_readings', 'Readings that wait for a meter that is not known', [
    'client_system',
  ])
  const newest = gauge('meter_sync_newest_reading_timestamp_seconds', 'Time of the newest reading', ['client_system'])
  const withheld = gauge('meter_sync_withheld_deletes', 'Deletions that the last success withheld', ['client_system'])
  const kept = gauge('meter_sync_kept_deletes', 'Of those, the deletions that a person keeps for now', [
    'client_system',
  ])
  const streams = gauge('meter_sync_event_streams', 'Event streams that are open')
  const listener = gauge('meter_sync_listener_connected', '1 while this process hears notifications')

  const leave = agent.subscribe((event) => {
    if (event.type !== 'run' || event.run.finishedAt === null) return
    const { clientSystemId: client_system, trigger, status, counts, startedAt, finishedAt } = event.run
    runs.inc({ client_system, trigger, status })
    if (startedAt !== null)
      duration.observe({ client_system }, (Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000)
    for (const operation of operations) {
      changes.inc({ client_system, operation }, counts?.[operation] ?? 0)
    }
  })

  async function read(): Promise<string> {
    for (const system of (await agent.status()).clientSystems) {
      const client_system = system.id
      meters.set({ client_system, state: 'active' }, system.meters.active)
      meters.set({ client_system, state: 'inactive' }, system.meters.inactive)
      active.set({ client_system }, system.activeRun ? 1 : 0)
      const heldBack = system.lastSuccess?.counts?.withheld ?? 0
      withheld.set({ client_system }, heldBack)
      kept.set({ client_system }, isKept(system) ? heldBack : 0)
      if (system.lastSuccess?.finishedAt)
        lastSuccess.set({ client_system }, Date.parse(system.lastSuccess.finishedAt) / 1_000)
    }
    for (const client_system of clientSystemIds) {
      const { meters: states, newestReadingAt, waiting } = await agent.collection(client_system)
      for (const state of collectionStates) collected.set({ client_system, state }, states[state])
      waitingReadings.set({ client_system }, waiting.readings)
      if (newestReadingAt !== null) newest.set({ client_system }, Date.parse(newestReadingAt) / 1_000)
    }
    streams.set(countStreams())
    listener.set(agent.listening() ? 1 : 0)
    return await registry.metrics()
  }

  function countReadings({ stored, duplicates, conflicts, waiting, rejected }: StoredReadings): void {
    readings.inc({ outcome: 'stored' }, stored)
    readings.inc({ outcome: 'duplicate' }, duplicates)
    readings.inc({ outcome: 'conflict' }, conflicts)
    readings.inc({ outcome: 'waiting' }, waiting)
    readings.inc({ outcome: 'rejected' }, rejected.length)
  }

  return withLifetime({ contentType: registry.contentType, read, countReadings }, leave)
}
