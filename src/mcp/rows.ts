import { z } from 'zod'
import { rejectionCodes } from '../wire/lists.ts'
import { rejectionWords } from '../wire/reason-words.ts'
import {
  changedColumns,
  collectionState,
  count,
  integer,
  operation,
  runStatus,
  time,
  trigger,
} from '../wire/schemas.ts'
import type { Change, Meter, PreviewedChange, Rejected, Run } from '../wire/types.ts'

/** The fields of a meter in a list; get_meter returns all. */
export const meterRow = z
  .object({
    id: integer,
    externalId: z.string(),
    name: z.string(),
    kind: z.string().nullable(),
    location: z.string().nullable(),
    active: z.boolean(),
    lastReadingAt: z.string().nullable(),
    collection: collectionState,
  })
  .meta({ id: 'MeterRow' })

export function toMeterRow({ id, externalId, name, kind, location, active, lastReading, collection }: Meter) {
  return { id, externalId, name, kind, location, active, lastReadingAt: lastReading?.readAt ?? null, collection }
}

/** The fields of a run in a list; get_sync_run returns all. Counts that are zero are left out. */
export const runRow = z
  .object({
    id: z.string(),
    trigger,
    status: runStatus,
    queuedAt: time,
    finishedAt: time.nullable(),
    counts: z.record(z.string(), count).nullable().describe('Those that are not zero; null until the run succeeded'),
    errorCode: z.string().nullable(),
  })
  .meta({ id: 'RunRow' })

export function toRunRow({ id, trigger, status, queuedAt, finishedAt, counts, error }: Run): z.infer<typeof runRow> {
  const nonZero = counts && Object.fromEntries(Object.entries(counts).filter(([, number]) => number > 0))
  return { id, trigger, status, queuedAt, finishedAt, counts: nonZero, errorCode: error?.code ?? null }
}

type Columns = Change['before']

/**
 * Returns a change with only the attributes that differ. A stored change of one attribute has all of them before and after,
 * and a meter may have hundreds.
 */
function withDifferingAttributes<Sides extends { before: Columns; after: Columns }>(sides: Sides): Sides {
  const [old, now] = [attributesOf(sides.before), attributesOf(sides.after)]
  if (old === null || now === null) return sides
  return {
    ...sides,
    before: { ...sides.before, attributes: pickDiffering(old, now) },
    after: { ...sides.after, attributes: pickDiffering(now, old) },
  }
}

function pickDiffering(from: Record<string, unknown>, other: Record<string, unknown>): Record<string, unknown> {
  const differs = ([name, value]: [string, unknown]) =>
    !Object.hasOwn(other, name) || JSON.stringify(value) !== JSON.stringify(other[name])
  return Object.fromEntries(Object.entries(from).filter(differs))
}

function attributesOf(columns: Columns): Record<string, unknown> | null {
  const attributes = columns?.attributes
  return typeof attributes === 'object' && attributes !== null ? { ...attributes } : null
}

const differing = changedColumns.describe('The columns that changed; only the attributes that differ')

/** A change with every field. Its description is short, because every assistant reads the schemas of all tools. */
export const fullChange = z.looseObject({ externalId: z.string(), operation }).describe('With detail full')

/** A change in the list of one run. */
export const changeRow = z
  .object({
    meterId: integer,
    externalId: z.string(),
    name: z.string().nullable(),
    operation,
    before: differing,
    after: differing,
  })
  .meta({ id: 'ChangeRow' })

export function toChangeRow({ runId: _, at: __, meter, ...change }: Change): z.infer<typeof changeRow> {
  return { ...withDifferingAttributes(change), name: meter?.name ?? null }
}

/** A change that a sync would make. `meterId` is null for an insertion. */
export const previewRow = changeRow.extend({ meterId: integer.nullable() }).meta({ id: 'PreviewRow' })

export function toPreviewRow({ meter, ...change }: PreviewedChange): z.infer<typeof previewRow> {
  return { ...withDifferingAttributes(change), name: meter?.name ?? null }
}

/** A change in the history of one meter. */
export const historyRow = z
  .object({ runId: z.string(), at: time, operation, before: differing, after: differing })
  .meta({ id: 'HistoryRow' })

export function toHistoryRow({
  meterId: _,
  externalId: __,
  meter: ___,
  ...change
}: Change): z.infer<typeof historyRow> {
  return withDifferingAttributes(change)
}

/** A rejected row with its reason, without its values. */
export const rejectedRow = z
  .object({ externalId: z.string().nullable(), code: z.enum(rejectionCodes), reason: z.string() })
  .meta({ id: 'RejectedRow' })

export function toRejectedRow({ externalId, reason }: Rejected): z.infer<typeof rejectedRow> {
  return { externalId, code: reason.code, reason: rejectionWords(reason) }
}
