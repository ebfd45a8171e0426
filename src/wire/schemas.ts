import { z } from 'zod'
import type {
  Change,
  ClientSystemStatus,
  Counts,
  Meter,
  Preview,
  PreviewedChange,
  Problem,
  Progress,
  Reading,
  Rejected,
  RejectedBecause,
  Run,
  RunError,
  Session,
  Status,
  StoredReadings,
} from './types.ts'
import { changeOperations, conditions, phases, runStatuses, scopes, triggers } from './types.ts'

/**
 * The wire shapes of `events.ts` as schemas, for the tools of assistants and for the description of the API: both load
 * them when they are first asked. The compiler holds each equal to its type, in both directions.
 */
function shape<Wire>() {
  return <Schema extends z.ZodType<Wire>>(schema: Schema & (Wire extends z.output<Schema> ? unknown : never)) => schema
}

export const count = z.int().min(0)
export const time = z.string().describe('ISO 8601 in UTC')

export const runStatus = z.enum(runStatuses)
const phase = z.enum(phases)
export const trigger = z.enum(triggers)
export const operation = z.enum(changeOperations)

export const counts = shape<Counts>()(
  z
    .object({
      read: count,
      inserted: count,
      updated: count,
      unchanged: count,
      rejected: count.describe('Rows of the Client System that could not be used'),
      restored: count.describe('Of the updated, those that had been deleted'),
      deleted: count.describe('Marked inactive by this run'),
      withheld: count.describe('Deletions held back because they look like an accident; a person approves them'),
    })
    .meta({ id: 'Counts' }),
)

const runError = shape<RunError>()(
  z
    .object({
      code: z.string(),
      message: z.string(),
      hint: z.string().nullable().describe('What to do next'),
    })
    .meta({ id: 'RunError' }),
)

const rejectedBecause = shape<RejectedBecause>()(
  z
    .object({
      reason: z.string(),
      rows: count.describe('Rows with this reason'),
      example: z.string().nullable().describe('The external id of one of them'),
    })
    .meta({ id: 'RejectedBecause' }),
)

export const run = shape<Run>()(
  z
    .object({
      id: z.string(),
      clientSystemId: z.string(),
      trigger,
      requestedBy: z.string().nullable(),
      approveDeletes: count.nullable(),
      status: runStatus,
      phase: phase.nullable(),
      queuedAt: time,
      startedAt: time.nullable(),
      finishedAt: time.nullable(),
      counts: counts.nullable().describe('Null until the run succeeded'),
      error: runError.nullable().describe('Why it did not succeed'),
      readMode: z.enum(['full', 'narrow']).nullable().describe('All of the source was read, or only what differs'),
      readReason: z.string().nullable().describe('Why it was read in full'),
      withheldBecause: z.string().nullable().describe('Why its deletions were withheld; null when none was'),
      rejectedBecause: rejectedBecause.nullable().describe('The commonest reason for which rows were rejected'),
      proof: z.object({ rows: count, digest: z.string() }).nullable(),
      bytesRead: z.number().nullable(),
      timings: z.partialRecord(phase, z.number()).nullable().describe('Milliseconds'),
      revision: count.describe('Grows with every change of any run'),
    })
    .meta({ id: 'Run' }),
)

export const clientSystemStatus = shape<ClientSystemStatus>()(
  z
    .object({
      id: z.string(),
      name: z.string(),
      condition: z.enum(conditions).describe('How it stands at `serverTime`, in the order of what matters most'),
      insecure: z.boolean().describe('The connection to it is not verified by TLS'),
      schedule: z.object({ cron: z.string(), timeZone: z.string(), nextRunAt: time.nullable() }),
      meters: z.object({ total: count, active: count, inactive: count }),
      sameMetersAs: z
        .string()
        .nullable()
        .describe('An older Client System that has the same meters, as after a change of CLIENT_SYSTEM_ID'),
      activeRun: run.nullable().describe('Queued or running'),
      lastRun: run.nullable().describe('The latest that finished, whatever its outcome'),
      lastSuccess: run.nullable(),
      lastFailure: run.nullable().describe('The latest that failed or was interrupted'),
      freshness: z.enum(['fresh', 'stale', 'never']),
    })
    .meta({ id: 'ClientSystemStatus' }),
)

export const status = shape<Status>()(
  z
    .object({
      serverTime: time,
      version: z.string(),
      demonstration: z.boolean(),
      clientSystems: z.array(clientSystemStatus),
    })
    .meta({ id: 'Status' }),
)

export const progress = shape<Progress>()(
  z
    .object({
      runId: z.string(),
      clientSystemId: z.string(),
      phase,
      step: z.enum(['digests', 'rows', 'meters']).nullable().describe('What is being read, within the phase reading'),
      rowsRead: count,
      rowsExpected: count.nullable().describe("The source's own estimate, or what the step before has counted"),
      bytesRead: count,
    })
    .meta({ id: 'Progress' }),
)

export const reading = shape<Reading>()(
  z
    .object({
      quantity: z.string(),
      readAt: time,
      // A number of any length: one that a double cannot hold travels as its text until it is on the wire.
      value: z.unknown().meta({ type: 'number' }),
      unit: z.string().nullable(),
    })
    .meta({ id: 'Reading' }),
)

export const meter = shape<Meter>()(
  z
    .object({
      id: z.int(),
      clientSystemId: z.string(),
      externalId: z.string().describe('Its key in the Client System'),
      name: z.string(),
      serialNumber: z.string().nullable(),
      kind: z.string().nullable(),
      unit: z.string().nullable(),
      location: z.string().nullable(),
      ipAddress: z.string().nullable(),
      port: z.int().nullable(),
      attributes: z.record(z.string(), z.unknown()).describe('Every other column of the Client System'),
      active: z.boolean(),
      removedAt: time.nullable().describe('When a sync found it gone from the Client System'),
      createdAt: time,
      updatedAt: time,
      lastReading: reading.nullable().describe('The newest, of whatever quantity'),
    })
    .meta({ id: 'Meter' }),
)

export const storedReadings = shape<StoredReadings>()(
  z
    .object({
      stored: count,
      duplicates: count.describe('Those that were stored already with this value'),
      conflicts: count.describe(
        'Those with another value or unit than what is stored for their time: the first one stays',
      ),
      rejected: z.array(z.object({ line: z.int().min(1).describe('Counts from 1'), reason: z.string() })),
    })
    .meta({ id: 'StoredReadings' }),
)

export const changedColumns = z.record(z.string(), z.unknown()).nullable()

export const change = shape<Change>()(
  z
    .object({
      runId: z.string(),
      at: time,
      meterId: z.int(),
      externalId: z.string(),
      operation,
      before: changedColumns.describe('The columns that changed; null for insert, delete and withheld'),
      after: changedColumns,
    })
    .meta({ id: 'Change' }),
)

export const rejected = shape<Rejected>()(
  z
    .object({
      externalId: z.string().nullable(),
      reason: z.string(),
      row: z.record(z.string(), z.unknown()).describe('As the query gave it, values cut to 1 kB'),
    })
    .meta({ id: 'Rejected' }),
)

const previewedChange = shape<PreviewedChange>()(
  z
    .object({
      meterId: z.int().nullable().describe('Null for a meter that is not there yet'),
      externalId: z.string(),
      operation,
      before: changedColumns,
      after: changedColumns.describe('The columns that would change; of an insertion all of them'),
    })
    .meta({ id: 'PreviewedChange' }),
)

export const preview = shape<Preview>()(
  z
    .object({
      counts,
      changes: z.array(previewedChange).describe('The first 100 by external id'),
      withheldBecause: z.string().nullable().describe('Why the deletions would be withheld; null when they would not'),
      rejectedBecause: rejectedBecause.nullable().describe('The commonest reason for which rows would be rejected'),
    })
    .meta({ id: 'Preview' }),
)

/** RFC 9457; `run` where one is meant. */
export const problem = shape<Problem>()(
  z
    .object({
      type: z.literal('about:blank'),
      title: z.string(),
      status: z.int(),
      detail: z.string().describe('What went wrong, in this case'),
      code: z.string().describe('From a closed set: branch on it'),
      hint: z.string().nullable().describe('What to do next'),
      run: run.exactOptional().describe('The run that is in the way'),
    })
    .meta({ id: 'Problem' }),
)

/** How many items a list has in all. */
export const total = count.nullable().describe('On the first page; null on later ones, and where it is not counted')

/** The `next` of a list: opaque, null at its end. */
export const next = z.string().nullable().describe('Continues the list; null at its end')

export const session = shape<Session>()(
  z
    .object({
      required: z.boolean(),
      loggedIn: z.boolean(),
      name: z.string().nullable(),
      scopes: z.array(z.enum(scopes)).readonly(),
    })
    .meta({ id: 'Session' }),
)
