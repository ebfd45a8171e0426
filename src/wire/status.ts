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
      .describe('At `serverTime`; a client that shows it longer derives it again from the other fields'),
    insecure: z.boolean().describe('The server is not verified by TLS'),
    schedule: z.object({ cron: z.string(), timeZone: z.string(), nextRunAt: time.nullable() }),
    meters: z.object({ total: count, active: count, inactive: count }),
    sameMetersAs: z
      .string()
      .nullable()
      .describe('An earlier Client System with the same meters, as after a change of CLIENT_SYSTEM_ID'),
    activeRun: run.nullable().describe('Queued or running'),
    lastRun: run.nullable().describe('The latest that finished, with any outcome'),
    lastSuccess: run.nullable(),
    lastFailure: run.nullable().describe('The latest that failed or was interrupted'),
    failures: z
      .object({ count, since: time.describe('When the first of them ended') })
      .nullable()
      .describe('Since the last success; null: none'),
    keptDeletions: keptDeletions
      .nullable()
      .describe('Set while a person keeps the deletions that lastSuccess held back'),
    workers: count.nullable().describe('Live workers that take its runs; null: not known yet'),
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

/** The event that the agent has lost its Sync database, so that the state is unknown. */
export const unavailable = z
  .object({ message: z.string(), hint: z.string().nullable().describe('What to do next') })
  .meta({ id: 'Unavailable' })

/** The progress of a run. */
export const progress = z
  .object({
    runId: z.string(),
    clientSystemId: z.string(),
    phase,
    step: z.enum(readSteps).nullable().describe('Within the phase reading'),
    rowsRead: count,
    rowsExpected: count.nullable().describe("The source's estimate, or the count of the previous step"),
    bytesRead: count,
  })
  .meta({ id: 'Progress' })
