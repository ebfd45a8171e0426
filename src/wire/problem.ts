import { z } from 'zod'
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
