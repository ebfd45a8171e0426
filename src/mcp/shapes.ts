import { z } from 'zod'
import type {
  Change,
  ChangeOperation,
  Counts,
  Meter,
  Phase,
  Preview,
  PreviewedChange,
  Reading,
  Run,
  RunStatus,
  Status,
  Trigger,
} from '../events.ts'

/**
 * The wire shapes of `events.ts` as schemas, so that assistants know what a tool answers. The compiler holds each
 * equal to its type, in both directions.
 */
function shape<Wire>() {
  return <Schema extends z.ZodType<Wire>>(schema: Schema & (Wire extends z.output<Schema> ? unknown : never)) => schema
}

const count = z.int().min(0)
const time = z.string().describe('ISO 8601 in UTC')

export const runStatus = shape<RunStatus>()(
  z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted']),
)
const phase = shape<Phase>()(z.enum(['connecting', 'reading', 'comparing', 'applying', 'proving']))
const trigger = shape<Trigger>()(z.enum(['startup', 'schedule', 'manual', 'mcp', 'cli']))
const operation = shape<ChangeOperation>()(z.enum(['insert', 'update', 'delete', 'restore', 'withheld']))

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
      error: z.object({ code: z.string(), message: z.string(), hint: z.string().nullable() }).nullable(),
      readMode: z.enum(['full', 'narrow']).nullable(),
      readReason: z.string().nullable(),
      proof: z.object({ rows: count, digest: z.string() }).nullable(),
      bytesRead: z.number().nullable(),
      timings: z.partialRecord(phase, z.number()).nullable().describe('Milliseconds'),
      revision: count.describe('Grows with every change of any run'),
    })
    .meta({ id: 'Run' }),
)

export const status = shape<Status>()(
  z.object({
    serverTime: time,
    version: z.string(),
    demonstration: z.boolean(),
    clientSystems: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        insecure: z.boolean().describe('The connection to it is not verified by TLS'),
        schedule: z.object({ cron: z.string(), timeZone: z.string(), nextRunAt: time.nullable() }),
        meters: z.object({ total: count, active: count, inactive: count }),
        activeRun: run.nullable().describe('Queued or running'),
        lastRun: run.nullable().describe('The latest that finished, whatever its outcome'),
        lastSuccess: run.nullable(),
        lastFailure: run.nullable().describe('The latest that failed or was interrupted'),
        freshness: z.enum(['fresh', 'stale', 'never']),
      }),
    ),
  }),
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

const columns = z.record(z.string(), z.unknown()).nullable()

export const change = shape<Change>()(
  z
    .object({
      runId: z.string(),
      at: time,
      meterId: z.int(),
      externalId: z.string(),
      operation,
      before: columns.describe('The columns that changed; null for insert, delete and withheld'),
      after: columns,
    })
    .meta({ id: 'Change' }),
)

/** The `next` of a list: opaque, null at its end. */
const previewed = shape<PreviewedChange>()(
  z.object({
    meterId: z.int().nullable().describe('Null for a meter that is not there yet'),
    externalId: z.string(),
    operation,
    before: z.record(z.string(), z.unknown()).nullable(),
    after: z.record(z.string(), z.unknown()).nullable(),
  }),
)

export const preview = shape<Preview>()(
  z.object({
    counts,
    changes: z.array(previewed),
    withheldBecause: z.string().nullable().describe('Why the deletions would be withheld; null when they would not'),
  }),
)

export const next = z.string().nullable().describe('Continues the list; null at its end')
