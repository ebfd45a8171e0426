import { z } from 'zod'
import type { ClientSystemStatus, Meter, Run } from '../events.ts'
import { clientSystemStatus, count, runStatus, status, time, trigger } from '../shapes.ts'
import { type Condition, conditionOf, conditionWords, verdictOf } from '../wire/condition.ts'

/** What an assistant chooses a meter by; get_meter has the rest. */
export const meterRow = z
  .object({
    id: z.int(),
    externalId: z.string(),
    name: z.string(),
    kind: z.string().nullable(),
    location: z.string().nullable(),
    active: z.boolean(),
    lastReadingAt: z.string().nullable(),
  })
  .meta({ id: 'MeterRow' })

export function toMeterRow({ id, externalId, name, kind, location, active, lastReading }: Meter) {
  return { id, externalId, name, kind, location, active, lastReadingAt: lastReading?.readAt ?? null }
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

const conditions = Object.keys(conditionWords) as [Condition, ...Condition[]]

const verdict = z
  .object({
    condition: z.enum(conditions),
    words: z.string().describe('The headline of the Sync Status page'),
    explanation: z.string(),
    nextStep: z.string().nullable().describe('What to do; null when there is nothing to do'),
  })
  .meta({ id: 'Verdict' })

export const statusWithVerdicts = status.extend({ clientSystems: z.array(clientSystemStatus.extend({ verdict })) })

/** The status of a Client System with its verdict, at a time of the server in milliseconds. */
export function withVerdict(system: ClientSystemStatus, now: number) {
  const condition = conditionOf(system, now)
  const verdict = { condition, words: conditionWords[condition], ...verdictOf(system, condition) }
  return { ...system, verdict }
}
