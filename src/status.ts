import type pg from 'pg'
import type { ClientSystem, Config } from './config.ts'
import { createSnapshots } from './db/status.ts'
import type { ClientSystemStatus, Status } from './events.ts'
import { freshness } from './freshness.ts'

/** How things stand, and the revision that this includes. */
export type StatusAt = { status: Status; revision: number }

export type StatusOptions = {
  config: Config
  pool: pg.Pool
  nextRunAt: (clientSystem: ClientSystem) => Date | null
  version: string
}

/** How things stand: what the tables say at one revision, with what the clock and the schedule make of it. */
export function createStatus({ config, pool, nextRunAt, version }: StatusOptions): () => Promise<StatusAt> {
  const ids = config.clientSystems.map(({ id }) => id)
  const snapshot = createSnapshots(pool, ids)

  return async () => {
    const now = Date.now()
    const { revision, clientSystems } = await snapshot()
    const told = config.clientSystems.map((clientSystem): ClientSystemStatus => {
      const { id, name, insecure, schedule } = clientSystem
      const known = clientSystems.get(id)
      const total = known?.metersTotal ?? 0
      const active = known?.metersActive ?? 0
      const lastSuccess = known?.lastSuccess ?? null
      return {
        id,
        name,
        insecure,
        schedule: { ...schedule, nextRunAt: nextRunAt(clientSystem)?.toISOString() ?? null },
        meters: { total, active, inactive: total - active },
        activeRun: known?.activeRun ?? null,
        lastRun: known?.lastRun ?? null,
        lastSuccess,
        lastFailure: known?.lastFailure ?? null,
        freshness: freshness(lastSuccess, clientSystem, now),
      }
    })
    const serverTime = new Date(now).toISOString()
    return { status: { serverTime, version, demonstration: config.demonstration, clientSystems: told }, revision }
  }
}
