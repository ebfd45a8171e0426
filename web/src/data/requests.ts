/** Requests to the agent. Every function rejects with an ApiError, and only with that. */
import type { Problem, Run } from '../../../src/wire/types.ts'

/** The event of the window when the agent requires a login that this browser does not have, or no longer has. */
export const loginRequired = 'login-required'

/** A request that was refused or was not answered: `message` says what failed, `hint` what to do next. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly hint: string | null
  /** The agent's code for the error; null when there was no answer, or another server answered. */
  readonly code: string | null
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number
  /** Seconds to wait before the next attempt; null when the answer does not say. */
  readonly retryAfter: number | null
  /** The active run, in a conflict. */
  readonly run: Run | null

  constructor(
    message: string,
    options: Partial<Pick<ApiError, 'hint' | 'code' | 'status' | 'retryAfter' | 'run'>> & ErrorOptions = {},
  ) {
    super(message, { cause: options.cause })
    this.hint = options.hint ?? null
    this.code = options.code ?? null
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

/** Returns what was thrown as an ApiError. */
export function toApiError(reason: unknown): ApiError {
  return reason instanceof ApiError ? reason : new ApiError(String(reason))
}

type SendOptions = { method?: string; content?: object; signal?: AbortSignal | undefined }

/** Sends a request and returns its answer. Rejects when it is refused, and without a signal of the caller after 20 s. */
export async function send(url: string, { method = 'GET', content, signal }: SendOptions): Promise<Response> {
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
  if (response.status === 401) dispatchEvent(new Event(loginRequired))
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

/** Keeps a number as its text where JavaScript would lose digits or write it otherwise. */
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
    code: problem?.code ?? null,
    status: response.status,
    retryAfter: Number(response.headers.get('retry-after')) || null,
    run: problem?.run ?? null,
  })
}
