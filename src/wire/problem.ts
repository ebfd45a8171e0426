import { z } from 'zod'
import { scopes } from './lists.ts'
import { run } from './run.ts'

/** An error of the API, `application/problem+json` by RFC 9457. */
export const problem = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What went wrong, in this case'),
    code: z.string().describe('From a closed set: branch on it'),
    hint: z.string().nullable().describe('What to do next'),
    run: run.exactOptional().describe('The run that is in the way'),
  })
  .meta({ id: 'Problem' })

/** Whether a login is needed, and who is logged in. Answered without a token. */
export const session = z
  .object({
    required: z.boolean(),
    loggedIn: z.boolean(),
    name: z.string().nullable().describe('The name of the token; null where no login is needed or there is none'),
    scopes: z.array(z.enum(scopes)).readonly().describe('What the client may do; all where no login is needed'),
  })
  .meta({ id: 'Session' })
