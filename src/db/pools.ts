import { setTimeout } from 'node:timers/promises'
import type pg from 'pg'
import type { DatabaseTarget } from '../config/targets.ts'
import { type Lifetime, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { openPool } from './pool.ts'

/** The pools of the Sync database. They are separate, so that searches delay neither the next phase of a run nor a collector. */
export type Pools = Lifetime & {
  /** For short statements, such as those for the state of runs. */
  pool: pg.Pool
  /** For statements that may take long, such as lists and pruning. */
  lists: pg.Pool
  /** For the readings that collectors send. */
  readings: pg.Pool
}

export function openPools(syncDatabase: DatabaseTarget, log: Log): Pools {
  const pool = openPool(syncDatabase, { application: 'meter-sync-agent', max: 8, log, answerTimeoutMs: 4_000 })
  const lists = openPool(syncDatabase, { application: 'meter-sync-agent lists', max: 6, log, monitor: pool })
  const readings = openPool(syncDatabase, { application: 'meter-sync-agent readings', max: 3, log, monitor: pool })
  return withLifetime({ pool, lists, readings }, async () => {
    await Promise.all([endPool(lists), endPool(readings)])
    // Last, because the others look up silent connections over it.
    await endPool(pool)
  })
}

const endTimeoutMs = 500

/** Ends a pool. A connection in use that waits for a silent server is left to the end of the process. */
async function endPool(pool: pg.Pool): Promise<void> {
  await Promise.race([pool.end(), setTimeout(endTimeoutMs, undefined, { ref: false })])
}
