import type { Context } from 'hono'
import { z } from 'zod'
import { AgentError, describeIssues } from '../lib/errors.ts'
import { requireScope, scopeOf } from './auth/scopes.ts'
import type { RequestEnv } from './request-env.ts'

/** Returns the checked query of a request. Throws `bad_request`. */
export function readQuery<T>(c: Context, schema: z.ZodType<T>): T {
  return requireValid(schema, c.req.query(), 'The parameters are invalid')
}

/**
 * Returns the checked JSON body; an empty body counts as an empty object. Throws `bad_request`, and `forbidden_scope` for a
 * field whose scope (`x-scope` in its schema) the client does not have.
 */
export async function readBody<T extends Record<string, unknown>>(
  c: Context<RequestEnv>,
  schema: BodySchema<T>,
): Promise<T> {
  const value = await parseBody(c, schema)
  for (const [name, field] of Object.entries(schema.shape)) {
    const scope = scopeOf(z.globalRegistry.get(field))
    if (scope !== null && value[name] !== undefined) requireScope(c.get('login'), scope, `to send ${name}`)
  }
  return value
}

type BodySchema<T> = z.ZodType<T> & { shape: z.core.$ZodShape }

async function parseBody<T>(c: Context<RequestEnv>, schema: z.ZodType<T>): Promise<T> {
  const text = new TextDecoder().decode(await readBodyBytes(c))
  if (text.trim() === '') return requireValid(schema, {}, 'The body is invalid')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new AgentError('bad_request', 'The body is not JSON', { hint: 'Send a JSON object, or no body', cause })
  }
  return requireValid(schema, value, 'The body is invalid')
}

/** How long a body may take to arrive. Shorter than the limit of the server, which closes the connection without an answer. */
const bodyTimeoutMs = 25_000

/**
 * Returns the body as it was sent. Throws `request_timeout` when it arrives too late, and `bad_request` for a compressed one.
 */
export async function readBodyBytes(c: Context): Promise<Uint8Array> {
  const encoding = c.req.header('content-encoding') ?? 'identity'
  if (encoding.toLowerCase() !== 'identity') {
    const hint = 'Send it without Content-Encoding'
    throw new AgentError('bad_request', `The agent does not decode the Content-Encoding ${encoding}`, { hint })
  }
  return new Uint8Array(await withBodyTimeout(() => c.req.arrayBuffer()))
}

/**
 * Runs `work`, which calls `arrived` when it has received the body. Throws `request_timeout` when neither that nor the end of
 * `work` comes in time; then `arrived` throws too, so that a late body is not processed.
 */
export async function withBodyTimeout<T>(work: (arrived: () => void) => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  let tooLate: AgentError | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const hint = 'Send the body without pauses, or in parts'
      tooLate = new AgentError('request_timeout', 'The body took too long to arrive', { hint })
      reject(tooLate)
    }, bodyTimeoutMs)
  })
  const arrived = () => {
    if (tooLate) throw tooLate
    clearTimeout(timer)
  }
  try {
    return await Promise.race([work(arrived), late])
  } finally {
    clearTimeout(timer)
  }
}

/** Returns the checked value. Throws `bad_request` with `what` and the issues. */
function requireValid<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new AgentError('bad_request', `${what}: ${describeIssues(parsed.error.issues)}`, {
    hint: 'Correct the request and send it again',
  })
}
