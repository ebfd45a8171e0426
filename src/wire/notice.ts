import { z } from 'zod'
import { count } from './basics.ts'
import { readSteps } from './lists.ts'
import { progress } from './status.ts'

/**
 * A message between processes through NOTIFY: ids and small numbers, never rows. A notice is only a hint to read the tables.
 * Any role that may connect to the Sync database can send one, so a message that does not match this schema is dropped.
 */
export const notice = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('run'),
    runId: z.string(),
    clientSystemId: z.string(),
    revision: count,
    ended: z.boolean(),
  }),
  // Workers of earlier versions send no step.
  progress.extend({ type: z.literal('progress'), step: z.enum(readSteps).nullable().default(null) }),
  z.object({
    type: z.literal('ping'),
    from: z.string(),
    count,
    /** The Client Systems whose runs the process takes. Processes of earlier versions do not send them. */
    workers: z.array(z.string()).default([]),
  }),
  /** Held-back deletions are kept for now, or no longer. */
  z.object({ type: z.literal('kept'), clientSystemId: z.string() }),
  /** Tokens or sessions changed. */
  z.object({ type: z.literal('access') }),
])
