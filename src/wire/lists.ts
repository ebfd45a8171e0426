/**
 * The closed lists of the wire. Each is defined only here, for the schemas, the tables of the Sync database, the command line
 * and the guides.
 */

export const runStatuses = ['queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted'] as const
type RunStatus = (typeof runStatuses)[number]
export const activeStatuses: readonly RunStatus[] = ['queued', 'running']
export const failedStatuses: readonly RunStatus[] = ['failed', 'interrupted']
export const finishedStatuses: readonly RunStatus[] = ['succeeded', 'cancelled', ...failedStatuses]

/** The phases of a run in their order. */
export const phases = ['connecting', 'reading', 'comparing', 'applying', 'proving'] as const

/** What is read within the phase `reading`: digests of buckets, hashes of rows, or the meters themselves. */
export const readSteps = ['digests', 'rows', 'meters'] as const

export const readModes = ['full', 'narrow'] as const

/** What started a run. `readings`: readings arrived for a meter that is not known yet. */
export const triggers = ['startup', 'schedule', 'manual', 'mcp', 'cli', 'readings'] as const

/**
 * What a token allows: `read` to read, `ingest` to send readings, `operate` to start, preview and cancel syncs, `approve` to
 * approve deletions that were held back.
 */
export const scopes = ['read', 'ingest', 'operate', 'approve'] as const

/** The condition of a Client System, which `condition.ts` derives from its status. */
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
 * What may be wrong with a reading. `decrease`: the value of a quantity that only grows is smaller than before; `rollover` and
 * `meter_replaced` explain a decrease. `future`: its time is in the future. `unit`: it differs from the unit of the meter.
 */
export const readingFlags = ['decrease', 'rollover', 'meter_replaced', 'future', 'unit'] as const

/** Why a run read every meter. `earlier`, here and below: a version without codes stored a text. */
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
