import type pg from 'pg'
import { refreshCollection } from '../collection/refresh.ts'
import type { Log } from '../lib/log.ts'
import { listAnew } from '../meters/listing.ts'
import { findUnlisted, markListed } from '../runs/client-system.ts'
import type { RunResult } from '../runs/store.ts'
import type { Run } from '../wire/types.ts'

export type CorrectionOptions = {
  /** For statements that may take long. */
  lists: pg.Pool
  /** Errors are logged only while this returns false: a stop ends the connections. */
  isStopping: () => boolean
  log: Log
}

/**
 * Corrects the tables that follow from the meters, after a run that succeeded. The run does not wait for it, so that it waits
 * for no collector that stores readings. What a killed worker left uncorrected is corrected after a later run.
 */
export function correctDerivedTables(run: Run, result: RunResult, options: CorrectionOptions): void {
  void correctCollection(run, result, options)
  void correctListing(run, options)
}

/** Corrects the collection states of the meters that the run changed; of all meters after a full read, as at every start. */
async function correctCollection(
  { id, clientSystemId }: Run,
  { counts, readMode }: RunResult,
  { lists, isStopping, log }: CorrectionOptions,
): Promise<void> {
  if (readMode !== 'full' && counts.updated + counts.deleted === 0) return
  try {
    await refreshCollection(lists, clientSystemId, readMode === 'full' ? null : id)
  } catch (err) {
    if (!isStopping()) log.warn({ err, clientSystem: clientSystemId }, 'the collection states could not be corrected')
  }
}

/** Rewrites the list of the meters, unless the run has already listed what it changed. */
async function correctListing({ clientSystemId }: Run, { lists, isStopping, log }: CorrectionOptions): Promise<void> {
  try {
    const unlisted = await findUnlisted(lists, clientSystemId)
    if (unlisted === null) return
    await listAnew(lists, clientSystemId)
    await markListed(lists, clientSystemId, unlisted)
  } catch (err) {
    if (!isStopping()) log.warn({ err, clientSystem: clientSystemId }, 'the list of meters could not be corrected')
  }
}
