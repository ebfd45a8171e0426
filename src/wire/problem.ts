import { z } from 'zod'
import { scopes } from './lists.ts'
import { run } from './run.ts'

/** An error of the API, as `application/problem+json` (RFC 9457). */
export const problem = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What failed, and why'),
    code: z.string().describe('From a closed set; branch on it'),
    hint: z.string().nullable().describe('What to do next'),
    run: run.exactOptional().describe('The run whose state does not allow the request'),
  })
  .meta({ id: 'Problem' })

/** The login of a browser, and whether one is needed. Answered without a token. */
export const session = z
  .object({
    required: z.boolean(),
    loggedIn: z.boolean(),
    name: z.string().nullable().describe('The name of the token; null where no login is needed or there is none'),
    scopes: z.array(z.enum(scopes)).readonly().describe('What the client may do; all where no login is needed'),
  })
  .meta({ id: 'Session' })
