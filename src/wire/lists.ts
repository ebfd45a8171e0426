/**
 * The closed lists of the wire. Each is defined here only: schemas, tables of the Sync database, command line and guides use
 * these.
 */

export const runStatuses = ['queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted'] as const
type RunStatus = (typeof runStatuses)[number]
export const activeStatuses: readonly RunStatus[] = ['queued', 'running']
export const failedStatuses: readonly RunStatus[] = ['failed', 'interrupted']
export const finishedStatuses: readonly RunStatus[] = ['succeeded', 'cancelled', ...failedStatuses]

/** In the order in which a run goes through them. */
export const phases = ['connecting', 'reading', 'comparing', 'applying', 'proving'] as const

/** What is read within the phase `reading`: digests of buckets, hashes of rows, or the meters themselves. */
export const readSteps = ['digests', 'rows', 'meters'] as const

export const readModes = ['full', 'narrow'] as const

/** What starts a run; `readings` are those of a meter that is not known yet. */
export const triggers = ['startup', 'schedule', 'manual', 'mcp', 'cli', 'readings'] as const

/**
 * What a token may do: `read` looks, `ingest` sends readings, `operate` starts, previews and cancels syncs, `approve` lets
 * deletions through that were held back.
 */
export const scopes = ['read', 'ingest', 'operate', 'approve'] as const

/** The condition of a Client System, in one word (condition.ts). */
export const conditions = [
  'running',
  'queued',
  'waiting',
  'no-worker',
  'failed',
  'held-back',
  'rejected',
  'stale',
  'never',
  'kept',
  'in-sync',
] as const

export const freshnesses = ['fresh', 'stale', 'never'] as const

export const changeOperations = ['insert', 'update', 'delete', 'restore', 'withheld'] as const

/**
 * Whether a meter's readings come as often as expected. An active meter is late two expected intervals after its last
 * reading, and silent after six; one that is not active is still reporting until two intervals after it.
 */
export const collectionStates = ['reporting', 'late', 'silent', 'never', 'stillReporting', 'quiet'] as const

/** What a list of meters can be sorted by: `location` and the others in natural order, `updated` by the last change. */
export const meterSorts = ['externalId', 'name', 'location', 'lastReading', 'updated'] as const
export const meterOrders = ['asc', 'desc'] as const

/**
 * What may be wrong with a reading. `decrease` of a quantity that only grows; `rollover` and `meter_replaced` explain one.
 * `unit` is another one than the meter's.
 */
export const readingFlags = ['decrease', 'rollover', 'meter_replaced', 'future', 'unit'] as const

/** Why a run read every meter. `earlier` is the text of a version that had no codes, here and below. */
export const readReasonCodes = [
  'agent_started',
  'requested',
  'daily',
  'no_meters',
  'not_hashed',
  'query_changed',
  'after_failure',
  'meters_changed',
  'most_differ',
  'earlier',
] as const

/** Why a row of the Client System cannot be used. */
export const rejectionCodes = [
  'missing_id',
  'blank_id',
  'id_too_long',
  'duplicate_id',
  'row_too_large',
  'json_too_deep',
  'missing_name',
  'blank_name',
  'invalid_port',
  'invalid_active',
  'earlier',
] as const

/** Why the deletions of a run were held back. */
export const withheldCodes = [
  'rows_without_id',
  'other_meters_approved',
  'more_than_approved',
  'no_rows',
  'no_usable_rows',
  'over_maximum',
  'over_percent',
  'earlier',
] as const
