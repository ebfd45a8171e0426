import { z } from 'zod'
import { count, time } from './basics.ts'
import { phases, readModes, runStatuses, triggers } from './lists.ts'
import { readReason, rejection, withheld } from './reason.ts'

export const runStatus = z.enum(runStatuses)
export const phase = z.enum(phases)
export const trigger = z.enum(triggers)

export const counts = z
  .object({
    read: count,
    inserted: count,
    updated: count,
    unchanged: count,
    rejected: count.describe('Rows of the Client System that were rejected'),
    restored: count.describe('Of the updated, those that had been deleted'),
    deleted: count.describe('Marked inactive by this run'),
    withheld: count.describe('Deletions held back because they look like an accident'),
  })
  .meta({ id: 'Counts' })

export const runError = z
  .object({
    code: z.string(),
    message: z.string(),
    hint: z.string().nullable().describe('What to do next'),
  })
  .meta({ id: 'RunError' })

export const rejectedBecause = z
  .object({
    reason: rejection,
    rows: count.describe('Rows with this reason'),
    example: z.string().nullable().describe('The external id of one of them'),
  })
  .meta({ id: 'RejectedBecause' })

/** One sync of a Client System, from the request to its end. */
export const run = z
  .object({
    id: z.string(),
    clientSystemId: z.string(),
    trigger,
    requestedBy: z.string().nullable(),
    approveDeletes: count.nullable().describe('Approves all deletions up to this number, above it none'),
    approveDigest: z.string().nullable().describe('Names the approved meters; null: any'),
    status: runStatus,
    phase: phase.nullable(),
    queuedAt: time,
    startedAt: time.nullable(),
    finishedAt: time.nullable(),
    counts: counts.nullable().describe('Null until the run succeeded'),
    error: runError.nullable().describe('Why it did not succeed'),
    readMode: z.enum(readModes).nullable().describe('A full or an incremental (narrow) read'),
    readReason: readReason.nullable().describe('The reason for a full read'),
    withheldBecause: withheld.nullable().describe('The reason for withheld deletions'),
    withheldDigest: z.string().nullable().describe('Names the withheld meters, for approveDigest'),
    rejectedBecause: rejectedBecause.nullable().describe('The most frequent reason of rejected rows'),
    proof: z.object({ rows: count, digest: z.string() }).nullable(),
    bytesRead: z.number().nullable(),
    timings: z.partialRecord(phase, z.number()).nullable().describe('Milliseconds of each phase'),
    revision: count.describe('Grows with every change of any run'),
  })
  .meta({ id: 'Run' })

/** The syncs of the last 90 days, by hour. */
export const runHistory = z
  .object({
    clientSystemId: z.string(),
    from: time,
    to: time,
    summary: z
      .object({
        days: count.describe('The number of days'),
        succeeded: count,
        failed: count.describe('Failed or interrupted'),
        outages: count.describe('Consecutive failures count once'),
        staleSeconds: count.describe('The time in which the last success was older than the freshness limit'),
      })
      .describe('The reliability of the syncs'),
    hours: z
      .array(
        z.object({
          from: time,
          succeeded: count,
          failed: count,
          cancelled: count,
          inserted: count,
          updated: count,
          deleted: count,
        }),
      )
      .describe('Hours of UTC in which runs were queued, oldest first'),
    missedHours: z.array(time).describe('Past hours in which a run was scheduled and none was queued or active'),
  })
  .meta({ id: 'RunHistory' })
