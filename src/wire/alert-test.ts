import { z } from 'zod'
import { count } from './basics.ts'

/** The result of a test alert. */
export const alertTest = z
  .object({
    channel: z.enum(['webhook']),
    receiver: z.string().describe('The host that it was sent to'),
    delivered: z.boolean(),
    status: count.nullable().describe('The status of the answer; null when there was none'),
    error: z.string().nullable().describe('Why it was not delivered'),
    hint: z.string().nullable().describe('What to do next'),
  })
  .meta({ id: 'AlertTest' })
