/**
 * The types of the wire, inferred from its schemas. The page imports only types from here; importing them loads no schema.
 */
import type { z } from 'zod'
import type * as lists from './lists.ts'
import type { notice } from './notice.ts'
import type * as schema from './schemas.ts'

type OneOf<List extends readonly string[]> = List[number]

export type RunStatus = OneOf<typeof lists.runStatuses>
export type Phase = OneOf<typeof lists.phases>
export type ReadStep = OneOf<typeof lists.readSteps>
export type Trigger = OneOf<typeof lists.triggers>
export type Scope = OneOf<typeof lists.scopes>
export type Condition = OneOf<typeof lists.conditions>
export type ChangeOperation = OneOf<typeof lists.changeOperations>
export type CollectionState = OneOf<typeof lists.collectionStates>
export type MeterSort = OneOf<typeof lists.meterSorts>
export type MeterOrder = OneOf<typeof lists.meterOrders>

export type Counts = z.infer<typeof schema.counts>
export type ReadReason = z.infer<typeof schema.readReason>
export type Rejection = z.infer<typeof schema.rejection>
export type Withheld = z.infer<typeof schema.withheld>
export type RunError = z.infer<typeof schema.runError>
export type RejectedBecause = z.infer<typeof schema.rejectedBecause>
export type Run = z.infer<typeof schema.run>
export type RunHistory = z.infer<typeof schema.runHistory>
export type ClientSystemStatus = z.infer<typeof schema.clientSystemStatus>
export type KeptDeletions = z.infer<typeof schema.keptDeletions>
export type Status = z.infer<typeof schema.status>
export type Unavailable = z.infer<typeof schema.unavailable>
export type Progress = z.infer<typeof schema.progress>
export type Reading = z.infer<typeof schema.reading>
export type FlaggedReading = z.infer<typeof schema.flaggedReading>
export type MeterReading = z.infer<typeof schema.meterReading>
export type Target = z.infer<typeof schema.target>
export type Meter = z.infer<typeof schema.meter>
export type MeterFacets = z.infer<typeof schema.meterFacets>
export type Collection = z.infer<typeof schema.collection>
export type CollectionGroup = z.infer<typeof schema.collectionGroup>
export type WaitingMeter = z.infer<typeof schema.waitingMeter>
export type SilentMeter = z.infer<typeof schema.silentMeter>
export type Gaps = z.infer<typeof schema.gaps>
export type ReadingGap = z.infer<typeof schema.readingGap>
export type StoredReadings = z.infer<typeof schema.storedReadings>
export type ChangedMeter = z.infer<typeof schema.changedMeter>
export type Change = z.infer<typeof schema.change>
export type PreviewedChange = z.infer<typeof schema.previewedChange>
export type Preview = z.infer<typeof schema.preview>
export type Rejected = z.infer<typeof schema.rejected>
export type AlertTest = z.infer<typeof schema.alertTest>
export type Settings = z.infer<typeof schema.settings>
export type Session = z.infer<typeof schema.session>
export type Problem = z.infer<typeof schema.problem>
export type Notice = z.infer<typeof notice>
