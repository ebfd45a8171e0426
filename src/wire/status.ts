import { z } from 'zod'
import { count, time } from './basics.ts'
import { conditions, freshnesses, readSteps } from './lists.ts'
import { phase, run } from './run.ts'

export const keptDeletions = z
  .object({
    digest: z.string().describe('The withheldDigest of the run that held them back'),
    note: z.string(),
    by: z.string().nullable().describe('The name of the token; null where no login is needed'),
    since: time,
  })
  .meta({ id: 'KeptDeletions' })

export const clientSystemStatus = z
  .object({
    id: z.string(),
    name: z.string(),
    condition: z
      .enum(conditions)
      .describe(
        'How it stands at `serverTime`. A client that shows it for longer derives it again from the other fields',
      ),
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
    failures: z
      .object({ count, since: time.describe('When the first of them ended') })
      .nullable()
      .describe('Since the last success; null: none'),
    keptDeletions: keptDeletions
      .nullable()
      .describe('Set while the deletions that lastSuccess held back are kept for now: a person has seen them'),
    workers: count.nullable().describe('Workers alive that take its runs; null: not known yet'),
    freshness: z.enum(freshnesses),
  })
  .meta({ id: 'ClientSystemStatus' })

export const status = z
  .object({
    serverTime: time,
    version: z.string(),
    demonstration: z.boolean().describe('Both databases are those of the demonstration'),
    clientSystems: z.array(clientSystemStatus),
  })
  .meta({ id: 'Status' })

/** Sent while the agent has lost its Sync database, and the state is unknown. */
export const unavailable = z
  .object({ message: z.string(), hint: z.string().nullable().describe('What to do next') })
  .meta({ id: 'Unavailable' })

/** How far a run has come. */
export const progress = z
  .object({
    runId: z.string(),
    clientSystemId: z.string(),
    phase,
    step: z.enum(readSteps).nullable().describe('What is being read, within the phase reading'),
    rowsRead: count,
    rowsExpected: count.nullable().describe("The source's own estimate, or what the step before has counted"),
    bytesRead: count,
  })
  .meta({ id: 'Progress' })
