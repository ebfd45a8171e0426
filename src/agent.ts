import type { Access } from './access/access.ts'
import type { SilentCursor } from './collection/silent.ts'
import type { TargetRow, TargetsFilter } from './collection/targets.ts'
import type { Page } from './db/pages.ts'
import type { LiveEvent } from './live/broadcast.ts'
import type { Subscription } from './live/subscription.ts'
import type { HistoryCursor } from './meters/changes.ts'
import type { MeterFilter } from './meters/filter.ts'
import type { MeterCursor, MeterListRequest } from './meters/list.ts'
import type { ReadingCursor } from './readings/list.ts'
import type { AllReadingsCursor, ReadingRow, ReadingsFilter } from './readings/list-all.ts'
import type { IncomingReading } from './readings/store.ts'
import type { KeepRequest } from './runs/kept-deletions.ts'
import type { RunCursor, RunFilter } from './runs/list.ts'
import type { RunRequest } from './runs/store.ts'
import type {
  AlertTest,
  Change,
  ChangeOperation,
  Collection,
  CollectionGroup,
  FlaggedReading,
  Gaps,
  KeptDeletions,
  Meter,
  MeterFacets,
  MeterReading,
  Preview,
  Rejected,
  Run,
  RunHistory,
  Settings,
  SilentMeter,
  Status,
  StoredReadings,
  WaitingMeter,
} from './wire/types.ts'

export { type Access, administrator, type Caller, type Login, sessionSeconds } from './access/access.ts'
export type { TargetRow } from './collection/targets.ts'
export type { Page } from './db/pages.ts'
export type { LiveEvent } from './live/broadcast.ts'
export type { ReadingRow } from './readings/list-all.ts'

/** A Client System by its id; null where the agent has only one. */
export type ClientSystemRef = { clientSystemId: string | null }

/** A request or filter whose Client System may be null where the agent has only one. */
type WithClientSystem<Request> = Omit<Request, 'clientSystemId'> & ClientSystemRef

/** A reading as a collector sent it: without a Client System where the agent has only one. */
export type SentReading = Omit<IncomingReading, 'clientSystemId' | 'unit'> & {
  clientSystemId?: string | undefined
  unit?: string | null | undefined
}

/**
 * The public interface: everything that people, programs and assistants can do with the agent. HTTP, MCP and the command
 * line use nothing else. Its methods throw `AgentError`: `not_found` for an id that is unknown here, `bad_request` where
 * the Client System must be named.
 */
export type Agent = {
  /** Checks tokens and sessions. */
  access: Access

  /** The configuration of this process, without its secrets. */
  settings: Settings

  /** Sends a test alert to each channel of this process. Throws `too_many_requests` within 5 s of the one before. */
  testAlerts: () => Promise<AlertTest[]>

  /** Returns the state of every Client System. */
  status: () => Promise<Status>

  /** Queues a run. Where one is active, `created` is false and `run` is that one (R2.3). */
  trigger: (request: WithClientSystem<RunRequest>) => Promise<{ run: Run; created: boolean }>

  /**
   * Returns what a run would do now, and writes nothing. While a run is active, returns that run as `active` instead. Callers at
   * the same time share one preview. `signal` ends the waiting of this caller.
   */
  preview: (clientSystemId: string | null, signal?: AbortSignal) => Promise<{ preview: Preview } | { active: Run }>

  /** Returns the run that is queued or running; null when there is none. */
  activeRun: (clientSystemId: string | null) => Promise<Run | null>

  /** Cancels an active run, which then changes no meter. `cancelled` is false when it had ended before. */
  cancel: (runId: string) => Promise<{ run: Run; cancelled: boolean }>

  /**
   * Keeps the deletions that the last successful run held back, until a run holds back others or none. Throws
   * `deletions_changed` when they are no longer those of the digest.
   */
  keepDeletions: (request: WithClientSystem<KeepRequest>) => Promise<KeptDeletions | null>

  /** Undoes `keepDeletions`. */
  releaseDeletions: (clientSystemId: string | null) => Promise<void>

  /** Returns a run of one of the Client Systems. */
  run: (id: string) => Promise<Run>

  /** Returns a page of runs, newest first. */
  runs: (filter: WithClientSystem<RunFilter> & { limit: number }) => Promise<Page<Run, RunCursor>>

  /** Returns the syncs of the last 90 days by hour, the hours that were missed, and how reliable they were. */
  runHistory: (clientSystemId: string | null) => Promise<RunHistory>

  /** Returns a page of the changes of a run, ordered by external id. */
  changes: (
    runId: string,
    filter: { operation: ChangeOperation | null; after: string | null; limit: number },
  ) => Promise<Page<Change, string>>

  /** Returns a page of the rows that a run could not use. */
  rejected: (runId: string, filter: { after: number; limit: number }) => Promise<Page<Rejected, number>>

  /** Returns a meter by its permanent id. */
  meter: (id: number) => Promise<Meter>

  /** Returns the meter that has this key in its Client System. */
  meterByExternalId: (clientSystemId: string | null, externalId: string) => Promise<Meter>

  /** Returns a page of meters. `total` is counted for the first page, up to a maximum, and null on later ones. */
  meters: (
    filter: WithClientSystem<MeterListRequest> & { limit: number },
  ) => Promise<Page<Meter, MeterCursor> & { total: number | null; totalIsExact: boolean }>

  /** Returns all of those meters, a page at a time. */
  exportMeters: (filter: WithClientSystem<Omit<MeterListRequest, 'after'>>) => AsyncGenerator<Meter[]>

  /** Returns how many meters each filter has; of kinds and locations, the `limit` most frequent. */
  meterFacets: (filter: WithClientSystem<MeterFilter> & { limit: number }) => Promise<MeterFacets>

  /** Returns a page of the changes of a meter, newest first. */
  history: (
    meterId: number,
    filter: { before: HistoryCursor | null; limit: number },
  ) => Promise<Page<Change, HistoryCursor>>

  /** Returns how many meters report, are late, are silent, and never reported. */
  collection: (clientSystemId: string | null) => Promise<Collection>

  /** Returns the active meters by location and kind, those with the most silent ones first. */
  collectionGroups: (clientSystemId: string | null, limit: number) => Promise<CollectionGroup[]>

  /** Returns a page of the silent meters, the latest to fall silent first. */
  silentMeters: (
    filter: ClientSystemRef & { before: SilentCursor | null; limit: number },
  ) => Promise<Page<SilentMeter, SilentCursor>>

  /** Returns the periods in which readings of a meter are missing, newest first; by default of the last seven days. */
  gaps: (meterId: number, period: { from: string | null; to: string | null }) => Promise<Gaps>

  /** Returns a page of a meter's readings with their flags, newest first; `from` is inclusive, `to` exclusive. */
  readings: (
    meterId: number,
    filter: { from: string | null; to: string | null; before: ReadingCursor | null; limit: number },
  ) => Promise<Page<FlaggedReading, ReadingCursor>>

  /** Returns a page of readings of many meters, by meter, then from old to new; `from` is inclusive, `to` exclusive. */
  allReadings: (
    filter: WithClientSystem<ReadingsFilter> & { after: AllReadingsCursor | null; limit: number },
  ) => Promise<Page<MeterReading, AllReadingsCursor>>

  /** Returns all of those readings, a page at a time. */
  exportReadings: (
    filter: WithClientSystem<ReadingsFilter>,
  ) => Promise<{ clientSystemId: string; pages: AsyncGenerator<ReadingRow[]> }>

  /** Returns the targets of collectors: all active meters, a page at a time, and the ETag of all of them. */
  targets: (filter: WithClientSystem<TargetsFilter>) => Promise<{ tag: string; pages: AsyncGenerator<TargetRow[]> }>

  /** Returns a page of the external ids that no meter has, in their order, with the number of readings that wait for each. */
  waitingMeters: (
    filter: ClientSystemRef & { after: string | null; limit: number },
  ) => Promise<Page<WaitingMeter, string>>

  /**
   * Stores readings by the external ids of their meters. Those of a meter that is not known wait for it and start a sync;
   * those of no known Client System are rejected.
   */
  storeReadings: (sent: readonly SentReading[]) => Promise<StoredReadings>

  /** Calls `subscriber` with every event from now on, in the order of revisions, until the returned function is called. */
  subscribe: (subscriber: (event: LiveEvent) => void) => () => void

  /**
   * Opens a subscription that begins with the state. For a subscriber that comes back with its last revision `since`, the
   * runs that changed after it follow, each in its latest state, 200 at most. `onOverflow` is called when the subscriber
   * does not take its events.
   */
  subscribeSince: (since: number | null, onOverflow: () => void) => Promise<Subscription>

  /** Whether this process receives the notifications of others. */
  listening: () => boolean

  /** Returns the names of the parts that are not ready yet; none when the agent can serve. A Client System is no such part. */
  unready: () => Promise<string[]>
}
