import type { Queryable } from '../db/connect.ts'
import { AgentError } from '../lib/errors.ts'
import { maxUpdatedByRun, updateListing } from '../meters/update-listing.ts'
import { storeWaitingReadings } from '../readings/waiting.ts'
import type { StoredBaseline } from '../runs/baseline.ts'
import { markChanged } from '../runs/client-system.ts'
import { type CompleteJob, type RunRef, type RunResult, recordSuccess } from '../runs/store.ts'
import type { Staged } from './read/stage.ts'

export type Recorded = {
  staged: Staged
  /** The baseline before the run. */
  baseline: StoredBaseline
  result: RunResult
  completeJob: CompleteJob
}

/**
 * Records the success of a run and what follows from its changes: stores the readings that waited for a new meter, and
 * updates the list of meters, where the changes are few. Throws `lease_lost` when another worker has ended the run.
 */
export async function record(
  db: Queryable,
  run: RunRef,
  { staged, baseline, result, completeJob }: Recorded,
): Promise<void> {
  const { counts, readMode } = result
  if (counts.inserted > 0 || readMode === 'full') await storeWaitingReadings(db, run.clientSystemId)
  await updateList(db, run, { staged, baseline, result })
  if (await recordSuccess(db, run, result, completeJob)) return
  throw new AgentError('lease_lost', 'Another worker ended this run because its worker did not respond', {
    hint: 'Look for a worker that was frozen or disconnected; the newer run is valid',
  })
}

/** Updates the list of meters with few changes. Marks it as outdated by many, and by changes of another program. */
async function updateList(
  db: Queryable,
  run: RunRef,
  { staged, baseline, result }: Omit<Recorded, 'completeJob'>,
): Promise<void> {
  const { inserted, updated, deleted } = result.counts
  const changed = inserted + updated + deleted
  const altered = isAltered(staged, baseline)
  if (changed === 0 && !altered) return
  const canList = !altered && changed <= maxUpdatedByRun(baseline.meters.total)
  if (await markChanged(db, run, canList)) await updateListing(db, run.clientSystemId)
}

/**
 * Returns true when the meters before the comparison were not those of the last success: another program has changed them, or
 * a first load has just stored them.
 */
function isAltered({ content, before }: Staged, baseline: StoredBaseline): boolean {
  return content !== baseline.content || before.total !== baseline.meters.total
}
