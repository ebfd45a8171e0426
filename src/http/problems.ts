import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { AgentError, type RequestErrorCode, TooManyRequestsError } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import { toAgentError } from '../lib/to-agent-error.ts'
import { RunStateError } from '../wire/run-state-error.ts'
import type { Problem } from '../wire/types.ts'

/** The status and the title of each error code. */
export const statuses: Record<RequestErrorCode, { status: ContentfulStatusCode; title: string }> = {
  bad_request: { status: 400, title: 'Bad request' },
  unauthorized: { status: 401, title: 'Token missing or wrong' },
  forbidden_host: { status: 403, title: 'Host not allowed' },
  forbidden_origin: { status: 403, title: 'Origin not allowed' },
  forbidden_scope: { status: 403, title: 'Scope missing' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  request_timeout: { status: 408, title: 'Request took too long' },
  run_active: { status: 409, title: 'A run is active' },
  run_finished: { status: 409, title: 'The run has finished' },
  deletions_changed: { status: 409, title: 'The held-back deletions have changed' },
  too_large: { status: 413, title: 'Body too large' },
  too_many_requests: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Internal error' },
  database_unavailable: { status: 503, title: 'Sync database unavailable' },
  unavailable: { status: 503, title: 'Agent starting or shutting down' },
}

/** The answer for a code that only a run ends with, where a request itself reads the Client System. */
const runError = { status: 502, title: 'The databases could not be compared' } as const

/** Returns false for a code that only a run ends with. */
export function isRequestCode(code: string): code is RequestErrorCode {
  return Object.hasOwn(statuses, code)
}

/** Returns the problem of an error (RFC 9457), with the run that the error carries. */
export function describeProblem(error: AgentError): Problem & { status: ContentfulStatusCode } {
  const { status, title } = isRequestCode(error.code) ? statuses[error.code] : runError
  const { code, message: detail, hint } = error
  const run = error instanceof RunStateError && { run: error.run }
  return { type: 'about:blank', title, status, detail, code, hint, ...run }
}

/** Answers with an error as `application/problem+json`. */
export function problem(c: Context, error: AgentError): Response {
  const body = describeProblem(error)
  const { status } = body
  if (status === 401) c.header('WWW-Authenticate', 'Bearer')
  if (error instanceof TooManyRequestsError) c.header('Retry-After', String(error.waitSeconds))
  return c.body(JSON.stringify(body), status, { 'Content-Type': 'application/problem+json' })
}

/** Answers with the error that a handler threw. */
export function thrownProblem(c: Context, thrown: unknown, log: Log): Response {
  if (!(thrown instanceof AgentError) && c.req.raw.signal.aborted) return c.body(null, 408)
  return problem(c, toAgentError(thrown, log, { path: c.req.path }))
}
