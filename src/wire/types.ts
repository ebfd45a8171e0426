/** Wire types: what the API answers and the event stream carries. The page imports only types from here. */

export const runStatuses = ['queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted'] as const
export type RunStatus = (typeof runStatuses)[number]
export const activeStatuses: readonly RunStatus[] = ['queued', 'running']
export const failedStatuses: readonly RunStatus[] = ['failed', 'interrupted']
export const finishedStatuses: readonly RunStatus[] = ['succeeded', 'cancelled', ...failedStatuses]

/** In the order that a run goes through them. */
export const phases = ['connecting', 'reading', 'comparing', 'applying', 'proving'] as const
export type Phase = (typeof phases)[number]

export const readSteps = ['digests', 'rows', 'meters'] as const
export type ReadStep = (typeof readSteps)[number]

export const triggers = ['startup', 'schedule', 'manual', 'mcp', 'cli'] as const
export type Trigger = (typeof triggers)[number]

/**
 * What a token may do: `read` looks, `ingest` sends readings, `operate` starts, previews and cancels syncs, `approve` lets
 * deletions through that were held back.
 */
export const scopes = ['read', 'ingest', 'operate', 'approve'] as const
export type Scope = (typeof scopes)[number]

/** What a run did. `read = inserted + updated + unchanged + rejected`. */
export type Counts = {
  read: number
  inserted: number
  updated: number
  unchanged: number
  rejected: number
  /** Of the updated, those that had been deleted. */
  restored: number
  /** Marked inactive by this run. */
  deleted: number
  /** Deletions held back by the guard. */
  withheld: number
}

/** How many rows were rejected for this reason, and the external id of one of them, where it has one. */
export type RejectedBecause = { reason: string; rows: number; example: string | null }

export type RunError = { code: string; message: string; hint: string | null }

/** One sync operation. Times are ISO 8601 in UTC with milliseconds. */
export type Run = {
  id: string
  clientSystemId: string
  trigger: Trigger
  requestedBy: string | null
  /** The deletions that were approved for this run: all of them when there are at most so many, otherwise none. */
  approveDeletes: number | null
  status: RunStatus
  phase: Phase | null
  queuedAt: string
  startedAt: string | null
  finishedAt: string | null
  /** Null until the run succeeded. */
  counts: Counts | null
  error: RunError | null
  /** How the source was read: all of it, or only what differs. */
  readMode: 'full' | 'narrow' | null
  /** Why it was read in full; null when it was not. */
  readReason: string | null
  /** Why its deletions were withheld; null when none was. */
  withheldBecause: string | null
  /** The commonest reason for which rows were rejected; null when none was. */
  rejectedBecause: RejectedBecause | null
  /** Stored only when both sides were shown to be equal; the digest is the xor of all row hashes, in hexadecimal. */
  proof: { rows: number; digest: string } | null
  bytesRead: number | null
  /** Milliseconds in each phase that the run went through. */
  timings: Partial<Record<Phase, number>> | null
  /** Grows with every change of any run. */
  revision: number
}

/** How a Client System stands, in one word (wire/condition.ts). */
export const conditions = [
  'running',
  'queued',
  'waiting',
  'failed',
  'held-back',
  'rejected',
  'stale',
  'never',
  'in-sync',
] as const
export type Condition = (typeof conditions)[number]

export type ClientSystemStatus = {
  id: string
  name: string
  /** At the time of the status. A client that shows it for longer derives it again. */
  condition: Condition
  /** The connection to it is not verified by TLS (CLIENT_SYSTEM_INSECURE). */
  insecure: boolean
  schedule: { cron: string; timeZone: string; nextRunAt: string | null }
  meters: { total: number; active: number; inactive: number }
  /** The id of an older Client System of this Sync database that has the same meters: CLIENT_SYSTEM_ID was changed. */
  sameMetersAs: string | null
  /** Queued or running. */
  activeRun: Run | null
  /** The latest that finished, whatever its outcome. */
  lastRun: Run | null
  lastSuccess: Run | null
  /** The latest that failed or was interrupted. */
  lastFailure: Run | null
  freshness: 'fresh' | 'stale' | 'never'
}

export type Status = {
  serverTime: string
  version: string
  /** Both databases are the demonstration's own. */
  demonstration: boolean
  clientSystems: ClientSystemStatus[]
}

/** How far a run has come; `step` is null outside of the phase reading. */
export type Progress = {
  runId: string
  clientSystemId: string
  phase: Phase
  /** What is being read, within the phase reading: digests of parts, hashes of rows, or the meters themselves. */
  step: ReadStep | null
  rowsRead: number
  /** The source's own estimate, or what the step before has counted; null when neither is known. */
  rowsExpected: number | null
  bytesRead: number
}

/** Attributes keep all digits of their numbers on the wire: read them with a parser that does, where that matters. */
export type Meter = {
  id: number
  clientSystemId: string
  externalId: string
  name: string
  serialNumber: string | null
  kind: string | null
  unit: string | null
  location: string | null
  ipAddress: string | null
  port: number | null
  attributes: Record<string, unknown>
  active: boolean
  removedAt: string | null
  createdAt: string
  updatedAt: string
  /** The newest, of whatever quantity. */
  lastReading: Reading | null
}

/** What a collector read from a meter. The value keeps all its digits on the wire. */
export type Reading = { quantity: string; readAt: string; value: unknown; unit: string | null }

/**
 * What became of readings that were sent; `line` counts from 1. A duplicate is stored already; a conflict has another
 * value or unit than the reading that is stored, which stays.
 */
export type StoredReadings = {
  stored: number
  duplicates: number
  conflicts: number
  rejected: { line: number; reason: string }[]
}

export const changeOperations = ['insert', 'update', 'delete', 'restore', 'withheld'] as const
export type ChangeOperation = (typeof changeOperations)[number]

/** One meter's difference: only the columns that changed; both null for insert, delete and withheld. */
export type Change = {
  runId: string
  at: string
  meterId: number
  externalId: string
  operation: ChangeOperation
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
}

/** A change that a run would make now; an insertion has no meter yet, and all its values in `after`. */
export type PreviewedChange = Omit<Change, 'runId' | 'at' | 'meterId'> & { meterId: number | null }

/** What a run would do now: its counts, and its first 100 changes by external id. */
export type Preview = {
  counts: Counts
  changes: PreviewedChange[]
  /** Why the guard would withhold the deletions; null when it would not. */
  withheldBecause: string | null
  /** The commonest reason for which rows would be rejected; null when none would. */
  rejectedBecause: RejectedBecause | null
}

/** A source row that could not be used, its values cut to 1 kB. */
export type Rejected = { externalId: string | null; reason: string; row: Record<string, unknown> }

/** Whether the agent has a token, so that one must log in, and whether this browser has. Needs no token to be asked. */
export type Session = {
  required: boolean
  loggedIn: boolean
  /** The name of the token; null where no login is needed or there is none. */
  name: string | null
  /** What the client may do; all where no login is needed. */
  scopes: readonly Scope[]
}

/** RFC 9457, `application/problem+json`. */
export type Problem = {
  type: 'about:blank'
  title: string
  status: number
  detail: string
  code: string
  hint: string | null
  run?: Run
}

/** What a process hears through NOTIFY: ids and small numbers, never rows. Hints: the tables are the truth. */
export type Notice =
  | { type: 'run'; runId: string; clientSystemId: string; revision: number; ended: boolean }
  | ({ type: 'progress' } & Progress)
  | { type: 'ping'; from: string; count: number }
  /** Tokens or sessions changed. */
  | { type: 'access' }
