import type pg from 'pg'
import type { Config } from '../config/environment.ts'
import { findNextTime } from '../config/times.ts'
import { conditionOf } from '../wire/condition.ts'
import type { ClientSystemStatus, Status } from '../wire/types.ts'
import { computeFreshness } from './freshness.ts'
import { createSnapshots } from './snapshot.ts'

/** The status, and the highest revision that it includes. */
export type StatusAt = { status: Status; revision: number }

export type StatusOptions = {
  config: Pick<Config, 'clientSystems' | 'demonstration'>
  pool: pg.Pool
  version: string
  /** Returns how many workers of a Client System are alive; null while that is not known. */
  countWorkers: (clientSystemId: string) => number | null
}

/** Returns a function that reads the status: the tables at one revision, and what follows from clock and schedule. */
export function createStatus({ config, pool, version, countWorkers }: StatusOptions): () => Promise<StatusAt> {
  const ids = config.clientSystems.map(({ id }) => id)
  const snapshot = createSnapshots(pool, ids)

  return async () => {
    const { revision, now, clientSystems } = await snapshot()
    const systems = config.clientSystems.map((clientSystem): ClientSystemStatus => {
      const { id, name, insecure, schedule } = clientSystem
      const known = clientSystems.get(id)
      const total = known?.metersTotal ?? 0
      const active = known?.metersActive ?? 0
      const lastSuccess = known?.lastSuccess ?? null
      const system = {
        id,
        name,
        insecure,
        schedule: { ...schedule, nextRunAt: findNextTime(schedule, now).toISOString() },
        meters: { total, active, inactive: total - active },
        sameMetersAs: known?.sameMetersAs ?? null,
        activeRun: known?.activeRun ?? null,
        lastRun: known?.lastRun ?? null,
        lastSuccess,
        lastFailure: known?.lastFailure ?? null,
        failures: known?.failures ?? null,
        keptDeletions: known?.keptDeletions ?? null,
        workers: countWorkers(id),
        freshness: computeFreshness(lastSuccess, clientSystem, now.getTime()),
      }
      return { ...system, condition: conditionOf(system, now.getTime()) }
    })
    const serverTime = now.toISOString()
    return { status: { serverTime, version, demonstration: config.demonstration, clientSystems: systems }, revision }
  }
}
