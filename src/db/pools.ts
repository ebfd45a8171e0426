import type pg from 'pg'
import type { DatabaseTarget } from '../config/targets.ts'
import { type Lifetime, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { waitAtMost } from '../lib/timeout.ts'
import { openPool } from './pool.ts'

/**
 * The pools of the Sync database, by the statements that they are for. They are separate, so that searches delay neither the
 * next phase of a run nor a collector.
 */
export type Pools = {
  /** For statements that take milliseconds, such as those for the state of runs. They have 4 s. */
  short: pg.Pool
  /** For statements that may take seconds: lists, exports, corrections after a run, partitions and pruning. */
  long: pg.Pool
  /** For storing the readings that collectors send. */
  readings: pg.Pool
}

/** Otherwise a search for several words reads the list in its order, which takes longer than the index for words. */
const longSettings = { random_page_cost: '2' }

/** Opens the pools. A stop ends them, without waiting for a server that is silent. */
export function openPools(syncDatabase: DatabaseTarget, log: Log): Pools & Lifetime {
  const short = openPool(syncDatabase, { application: 'meter-sync-agent', max: 8, log, answerTimeoutMs: 4_000 })
  const long = openPool(syncDatabase, {
    application: 'meter-sync-agent long statements',
    max: 6,
    log,
    monitor: short,
    settings: longSettings,
  })
  const readings = openPool(syncDatabase, { application: 'meter-sync-agent readings', max: 3, log, monitor: short })
  return withLifetime({ short, long, readings }, async () => {
    await Promise.all([endPool(long), endPool(readings)])
    // Last, because the others look up silent connections over it.
    await endPool(short)
  })
}

const endTimeoutMs = 500

/** Ends a pool. A connection in use that waits for a silent server is left to the end of the process. */
async function endPool(pool: pg.Pool): Promise<void> {
  await waitAtMost(endTimeoutMs, pool.end())
}
