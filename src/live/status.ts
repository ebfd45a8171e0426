import type pg from 'pg'
import type { ClientSystem } from '../config/environment.ts'
import { findNextTime } from '../config/schedule-times.ts'
import { conditionOf } from '../wire/condition.ts'
import type { ClientSystemStatus, Status } from '../wire/types.ts'
import { computeFreshness } from './freshness.ts'
import { type ClientSystemSnapshot, createSnapshots } from './snapshot.ts'

/** The status, and the highest revision that it includes. */
export type StatusAt = { status: Status; revision: number }

export type StatusOptions = {
  clientSystems: readonly ClientSystem[]
  /** Whether both databases are those of the demonstration. */
  demonstration: boolean
  version: string
  pool: pg.Pool
  /** Returns how many workers of a Client System are alive; null while that is not known. */
  countWorkers: (clientSystemId: string) => number | null
}

/** Returns a function that reads the status: the tables at one revision, and what follows from clock and schedule. */
export function createStatus({
  clientSystems,
  demonstration,
  version,
  pool,
  countWorkers,
}: StatusOptions): () => Promise<StatusAt> {
  const readLatest = createSnapshots(
    pool,
    clientSystems.map(({ id }) => id),
  )
  return async () => {
    const { revision, now, clientSystems: snapshots } = await readLatest()
    const statuses = clientSystems.map((clientSystem) => {
      const snapshot = snapshots.get(clientSystem.id)
      if (!snapshot) throw new Error(`the snapshot lacks the Client System ${clientSystem.id}`)
      return toStatus(clientSystem, snapshot, countWorkers(clientSystem.id), now)
    })
    return { status: { serverTime: now.toISOString(), version, demonstration, clientSystems: statuses }, revision }
  }
}

function toStatus(
  clientSystem: ClientSystem,
  { metersTotal, metersActive, ...snapshot }: ClientSystemSnapshot,
  workers: number | null,
  now: Date,
): ClientSystemStatus {
  const { id, name, insecure, schedule } = clientSystem
  const system = {
    id,
    name,
    insecure,
    schedule: { ...schedule, nextRunAt: findNextTime(schedule, now).toISOString() },
    meters: { total: metersTotal, active: metersActive, inactive: metersTotal - metersActive },
    ...snapshot,
    workers,
    freshness: computeFreshness(snapshot.lastSuccess, clientSystem, now.getTime()),
  }
  return { ...system, condition: conditionOf(system, now.getTime()) }
}
