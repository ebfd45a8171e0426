import type pg from 'pg'
import { refreshCollection } from '../collection/refresh.ts'
import { type Lifetime, startLoop, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { correctListing } from '../meters/update-listing.ts'
import { findUnlistedRun, markListed } from '../runs/client-system.ts'
import type { RunResult } from '../runs/store.ts'
import type { Run } from '../wire/types.ts'

/**
 * Corrects the tables that are computed from the meters, after each run that succeeded: `meter_collection` and `meter_listing`. It
 * does so outside of the run's transaction, because a collector that stores readings may hold locks that the run would have to
 * wait for. What a killed worker did not correct is corrected after a later run.
 */
export type Corrections = Lifetime & { correct: (run: Run, result: RunResult) => void }

/** The time until the next attempt to correct the lists of meters. */
const listingRetryMs = 3_000

/** Corrects over connections of `pool`. A stop of the process closes them, so errors after it are not logged. */
export function createCorrections({ pool, log }: { pool: pg.Pool; log: Log }): Corrections {
  let stopping = false

  /** Corrects the collection states of the meters that the run changed; of all meters after a full read, as at every start. */
  async function correctCollection({ id, clientSystemId }: Run, { counts, readMode }: RunResult): Promise<void> {
    if (readMode !== 'full' && counts.updated + counts.deleted === 0) return
    try {
      await refreshCollection(pool, clientSystemId, readMode === 'full' ? null : id)
    } catch (err) {
      if (!stopping) log.warn({ err, clientSystem: clientSystemId }, 'the collection states could not be corrected')
    }
  }

  /** The Client Systems whose list is checked at the next pass. */
  const synced = new Set<string>()
  const listing = startLoop({
    pass: async () => {
      for (const clientSystemId of synced) await correctIfOutdated(pool, clientSystemId)
    },
    retryMs: listingRetryMs,
    onError: (err, { repeated }) => {
      if (!stopping && !repeated) log.warn({ err }, 'the list of meters could not be corrected; retrying')
    },
  })

  const correct = (run: Run, result: RunResult) => {
    void correctCollection(run, result)
    synced.add(run.clientSystemId)
    listing.requestPass()
  }
  return withLifetime({ correct }, () => {
    stopping = true
    void listing.stop()
  })
}

/** Corrects the list of meters, unless every run has updated it. */
async function correctIfOutdated(pool: pg.Pool, clientSystemId: string): Promise<void> {
  const unlisted = await findUnlistedRun(pool, clientSystemId)
  if (unlisted === null) return
  await correctListing(pool, clientSystemId)
  await markListed(pool, clientSystemId, unlisted)
}
