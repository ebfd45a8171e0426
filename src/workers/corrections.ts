import type pg from 'pg'
import { refreshCollection } from '../collection/refresh.ts'
import { type Lifetime, startLoop, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { listAnew } from '../meters/listing.ts'
import { findUnlisted, markListed } from '../runs/client-system.ts'
import type { RunResult } from '../runs/store.ts'
import type { Run } from '../wire/types.ts'

/**
 * Corrects the tables that follow from the meters, after a run that succeeded. The run does not wait for it, so that it waits
 * for no collector that stores readings. What a killed worker left uncorrected is corrected after a later run.
 */
export type Corrections = Lifetime & { correct: (run: Run, result: RunResult) => void }

/** The time until the next attempt to correct the lists of meters. */
const listingRetryMs = 3_000

/** Corrects over `pool`. A stop ends its connections, so nothing is logged after it. */
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

  /** The Client Systems of the runs. */
  const synced = new Set<string>()
  const listing = startLoop({
    pass: async () => {
      for (const clientSystemId of synced) await correctListing(pool, clientSystemId)
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

/** Rewrites the list of the meters, unless the runs have already listed what they changed. */
async function correctListing(pool: pg.Pool, clientSystemId: string): Promise<void> {
  const unlisted = await findUnlisted(pool, clientSystemId)
  if (unlisted === null) return
  await listAnew(pool, clientSystemId)
  await markListed(pool, clientSystemId, unlisted)
}
