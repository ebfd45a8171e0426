/** Requests to the agent, and what becomes of them. Everything here rejects with an ApiError, and only with that. */
import type { Problem, Run } from '../../../src/wire/types.ts'

/** Told to the window when the agent wants a login that this browser does not have, or no longer. */
export const loginWanted = 'login-wanted'

/** A request that was refused or never arrived: `message` says what happened, `hint` what to do. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly hint: string | null
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number
  /** Seconds to wait before asking again; null where nothing is said about it. */
  readonly retryAfter: number | null
  /** The run that is in the way, in a conflict. */
  readonly run: Run | null

  constructor(
    message: string,
    options: Partial<Pick<ApiError, 'hint' | 'status' | 'retryAfter' | 'run'>> & ErrorOptions = {},
  ) {
    super(message, { cause: options.cause })
    this.hint = options.hint ?? null
    this.status = options.status ?? 0
    this.retryAfter = options.retryAfter ?? null
    this.run = options.run ?? null
  }
}

export async function get<T>(url: string, reviver?: Reviver): Promise<T> {
  return body<T>(await send(url, {}), reviver)
}

export async function post<T>(
  url: string,
  content: object,
  options: { reviver?: Reviver; signal?: AbortSignal } = {},
): Promise<T> {
  return body<T>(await send(url, { method: 'POST', content, signal: options.signal }), options.reviver)
}

export function withQuery(path: string, query: Record<string, string | null>): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== null)
  return `${path}?${new URLSearchParams(given)}`
}

/** What was thrown, as an ApiError. */
export function toApiError(reason: unknown): ApiError {
  return reason instanceof ApiError ? reason : new ApiError(String(reason))
}

type Sending = { method?: string; content?: object; signal?: AbortSignal | undefined }

/** The answer to a request, when it is not a refusal. Without a signal of the caller's it is waited for 20 s. */
export async function send(url: string, { method = 'GET', content, signal }: Sending): Promise<Response> {
  const init: RequestInit = {
    method,
    headers: { accept: 'application/json', ...(content && { 'content-type': 'application/json' }) },
    ...(content && { body: JSON.stringify(content) }),
    cache: 'no-store',
    signal: signal ?? AbortSignal.timeout(20_000),
  }
  const response = await fetch(url, init).catch((cause) => {
    throw new ApiError('The agent did not answer.', {
      hint: 'Check that the agent is running and that this computer reaches it, then try again.',
      cause,
    })
  })
  if (response.ok) return response
  if (response.status === 401) dispatchEvent(new Event(loginWanted))
  throw refusal(response, await problemOf(response))
}

async function body<T>(response: Response, reviver?: Reviver): Promise<T> {
  try {
    const value: T = JSON.parse(await response.text(), reviver)
    return value
  } catch (cause) {
    throw new ApiError('The answer of the agent could not be read.', { status: response.status, cause })
  }
}

export type Reviver = (key: string, value: unknown, context?: { source?: string }) => unknown

/** A number that JavaScript cannot hold to the last digit (or would write otherwise) stays the text it was. */
export function exactNumbers(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value
  return String(value) === context.source ? value : context.source
}

async function problemOf(response: Response): Promise<Problem | null> {
  try {
    const problem: Problem = await response.json()
    return problem
  } catch {
    return null
  }
}

function refusal(response: Response, problem: Problem | null): ApiError {
  const foreign = {
    detail: `Something between this computer and the agent answered with status ${response.status}`,
    hint: 'Check that the agent is running and that the proxy in front of it reaches it',
  }
  const { detail, hint } = problem?.detail ? problem : foreign
  return new ApiError(detail, {
    hint: hint ?? null,
    status: response.status,
    retryAfter: Number(response.headers.get('retry-after')) || null,
    run: problem?.run ?? null,
  })
}
