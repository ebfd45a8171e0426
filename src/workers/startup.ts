import type pg from 'pg'
import type { ClientSystem } from '../config/environment.ts'
import { drizzle } from '../db/drizzle.ts'
import { findLastRun, findRun } from '../runs/list.ts'
import { automaticRequest, type TriggerRun } from '../runs/trigger.ts'

/** Starts a run of every Client System at the start of this worker. */
export type StartupRuns = {
  /** Requests the run at the start. An active run counts as that run. */
  request: (clientSystem: ClientSystem) => Promise<void>
  /**
   * Requests another run when the run at the start was interrupted, because its worker died, and none has succeeded since. A
   * run that failed or was cancelled is not repeated. Call it while no run is active.
   */
  requestAgain: (clientSystem: ClientSystem) => Promise<void>
}

export type StartupOptions = {
  pool: pg.Pool
  trigger: TriggerRun
}

export function createStartupRuns({ pool, trigger }: StartupOptions): StartupRuns {
  const db = drizzle(pool)
  /** The id of the run at the start, by Client System, until it has ended. */
  const pending = new Map<string, string>()

  async function request({ id }: Pick<ClientSystem, 'id'>): Promise<void> {
    const { run } = await trigger(automaticRequest(id, 'startup', { full: true }))
    pending.set(id, run.id)
  }

  return {
    request,
    requestAgain: async ({ id }) => {
      const runId = pending.get(id)
      if (runId === undefined) return
      const run = await findRun(db, runId)
      if (run && run.finishedAt === null) return
      pending.delete(id)
      if (run?.status !== 'interrupted') return
      const success = await findLastRun(db, id, ['succeeded'])
      if (!success || success.revision < run.revision) await request({ id })
    },
  }
}
