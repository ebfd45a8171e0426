import { z } from 'zod'
import { conditionOf, conditionWords, verdictOf } from '../wire/condition.ts'
import { conditions, rejectionCodes } from '../wire/lists.ts'
import { rejectionWords } from '../wire/reason-words.ts'
import {
  changedColumns,
  clientSystemStatus,
  collectionState,
  count,
  integer,
  operation,
  runStatus,
  status,
  time,
  trigger,
} from '../wire/schemas.ts'
import type { Change, ClientSystemStatus, Meter, PreviewedChange, Rejected, Run, Status } from '../wire/types.ts'

/** What an assistant chooses a meter by; get_meter has the rest. */
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

/** What an assistant chooses a run by; get_sync_run has the rest. Counts that are zero are left out. */
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
  const some = counts && Object.fromEntries(Object.entries(counts).filter(([, number]) => number > 0))
  return { id, trigger, status, queuedAt, finishedAt, counts: some, errorCode: error?.code ?? null }
}

type Columns = Change['before']

/**
 * Of the attributes only those that differ: a change of one of them has all before and after, and a meter may have
 * hundreds.
 */
function narrowed<Sides extends { before: Columns; after: Columns }>(sides: Sides): Sides {
  const [old, now] = [attributesOf(sides.before), attributesOf(sides.after)]
  if (old === null || now === null) return sides
  const pick = (from: Record<string, unknown>, other: Record<string, unknown>) =>
    Object.fromEntries(
      Object.entries(from).filter(
        ([name, value]) => !Object.hasOwn(other, name) || JSON.stringify(value) !== JSON.stringify(other[name]),
      ),
    )
  return {
    ...sides,
    before: { ...sides.before, attributes: pick(old, now) },
    after: { ...sides.after, attributes: pick(now, old) },
  }
}

function attributesOf(columns: Columns): Record<string, unknown> | null {
  const attributes = columns?.attributes
  return typeof attributes === 'object' && attributes !== null ? { ...attributes } : null
}

const differing = changedColumns.describe('The columns that changed; of the attributes those that differ')

/** With every field. Described in short: every assistant reads the description of every tool. */
export const fullChange = z.looseObject({ externalId: z.string(), operation }).describe('With detail full')

/** A change of one run. */
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
  return { ...narrowed(change), name: meter?.name ?? null }
}

/** A change that a sync would make; an insertion has no meter yet. */
export const previewRow = changeRow.extend({ meterId: integer.nullable() }).meta({ id: 'PreviewRow' })

export function toPreviewRow({ meter, ...change }: PreviewedChange): z.infer<typeof previewRow> {
  return { ...narrowed(change), name: meter?.name ?? null }
}

/** A change of one meter. */
export const historyRow = z
  .object({ runId: z.string(), at: time, operation, before: differing, after: differing })
  .meta({ id: 'HistoryRow' })

export function toHistoryRow({
  meterId: _,
  externalId: __,
  meter: ___,
  ...change
}: Change): z.infer<typeof historyRow> {
  return narrowed(change)
}

/** Why a row was not used, without its values. */
export const rejectedRow = z
  .object({ externalId: z.string().nullable(), code: z.enum(rejectionCodes), reason: z.string() })
  .meta({ id: 'RejectedRow' })

export function toRejectedRow({ externalId, reason }: Rejected): z.infer<typeof rejectedRow> {
  return { externalId, code: reason.code, reason: rejectionWords(reason) }
}

const verdict = z
  .object({
    condition: z.enum(conditions),
    words: z.string().describe('The headline of the Sync Status page'),
    explanation: z.string(),
    nextStep: z.string().nullable().describe('What to do; null when there is nothing to do'),
  })
  .meta({ id: 'Verdict' })

/** Without `keptDeletions`: the explanation of the verdict has the note. */
export const statusWithVerdicts = status.extend({
  clientSystems: z.array(clientSystemStatus.omit({ keptDeletions: true }).extend({ verdict })),
})

/** The status, each Client System with its verdict at the time of the server. */
export function withVerdicts(now: Status): z.infer<typeof statusWithVerdicts> {
  const at = Date.parse(now.serverTime)
  const clientSystems = now.clientSystems.map(({ keptDeletions, ...system }) => ({
    ...system,
    verdict: toVerdict({ ...system, keptDeletions }, at),
  }))
  return { ...now, clientSystems }
}

function toVerdict(system: ClientSystemStatus, at: number): z.infer<typeof verdict> {
  const condition = conditionOf(system, at)
  return { condition, words: conditionWords[condition], ...verdictOf(system, condition) }
}
