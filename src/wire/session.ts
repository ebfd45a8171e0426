import { z } from 'zod'
import { scopes } from './lists.ts'

/** The login of a browser, and whether one is needed. Answered without a token. */
export const session = z
  .object({
    required: z.boolean(),
    loggedIn: z.boolean(),
    name: z.string().nullable().describe('The name of the token; null where no login is needed or there is none'),
    scopes: z.array(z.enum(scopes)).readonly().describe('What the client may do; all where no login is needed'),
  })
  .meta({ id: 'Session' })
