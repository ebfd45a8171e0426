import { z } from 'zod'
import { count } from './basics.ts'
import { readSteps } from './lists.ts'
import { progress } from './status.ts'

/**
 * What processes send each other through NOTIFY: ids and small numbers, never rows. Notices are hints, the tables are the
 * truth. Any role that may connect to the Sync database can send one, so one that does not fit this schema is dropped.
 */
export const notice = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('run'),
    runId: z.string(),
    clientSystemId: z.string(),
    revision: count,
    ended: z.boolean(),
  }),
  // A worker of an earlier version sends no step.
  progress.extend({ type: z.literal('progress'), step: z.enum(readSteps).nullable().default(null) }),
  z.object({
    type: z.literal('ping'),
    from: z.string(),
    count,
    /** The Client Systems whose runs the process takes. One of an earlier version does not say. */
    workers: z.array(z.string()).default([]),
  }),
  /** Held-back deletions are kept for now, or no longer. */
  z.object({ type: z.literal('kept'), clientSystemId: z.string() }),
  /** Tokens or sessions changed. */
  z.object({ type: z.literal('access') }),
])
