/** The agent's HTTP API as the page uses it. Every function rejects with an ApiError, and only with that. */
import type {
  Change,
  ChangeOperation,
  Meter,
  Problem,
  Reading,
  Rejected,
  Run,
  RunStatus,
  Status,
} from '../../src/events.ts'
import type { MeterFilter } from './route.ts'

export type Page<T> = { items: readonly T[]; next: string | null }

/** A request that was refused or never arrived: `message` says what happened, `hint` what to do. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly hint: string | null
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number

  constructor(message: string, options: { hint?: string | null; status?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.hint = options.hint ?? null
    this.status = options.status ?? 0
  }
}

/** The whole status at this moment. */
export function readStatus(): Promise<Status> {
  return get<Status>('/api/status')
}

/** Asks for a run. When one is active already, that one is the answer: joining it is no error. */
export function startRun(clientSystemId: string): Promise<Run> {
  return post('/api/sync', { clientSystemId }, 'join')
}

/**
 * Asks for a run that deletes what is missing, if that is at most `approveDeletes` meters. A run that is active already
 * knows nothing of the approval: that is a refusal.
 */
export function approveDeletions(clientSystemId: string, approveDeletes: number): Promise<Run> {
  return post('/api/sync', { clientSystemId, approveDeletes }, 'refuse')
}

/** Ends an active run. One that has finished meanwhile is the answer: nobody needs to be told that it is too late. */
export function cancelRun(id: string): Promise<Run> {
  return post(`/api/runs/${encodeURIComponent(id)}/cancel`, {}, 'join')
}

/** One page of a Client System's runs, newest first: those of one outcome, or all. */
export async function readRuns(
  clientSystemId: string,
  before: string | null,
  status: RunStatus | null = null,
): Promise<Page<Run>> {
  const { runs, next } = await get<{ runs: Run[]; next: string | null }>(
    withQuery('/api/runs', { clientSystemId, status, limit: '30', before }),
  )
  return { items: runs, next }
}

export function readRun(id: string): Promise<Run> {
  return get<Run>(`/api/runs/${encodeURIComponent(id)}`)
}

/** One page of a run's changes by external id, of one operation or of all. */
export async function readChanges(
  runId: string,
  operation: ChangeOperation | null,
  after: string | null,
): Promise<Page<Change>> {
  const { changes, next } = await get<{ changes: Change[]; next: string | null }>(
    withQuery(`/api/runs/${encodeURIComponent(runId)}/changes`, { operation, limit: '50', after }),
    exactNumbers,
  )
  return { items: changes, next }
}

/** One page of the source rows that a run could not use. */
export async function readRejected(runId: string, after: string | null): Promise<Page<Rejected>> {
  const { rejected, next } = await get<{ rejected: Rejected[]; next: string | null }>(
    withQuery(`/api/runs/${encodeURIComponent(runId)}/rejected`, { limit: '50', after }),
    exactNumbers,
  )
  return { items: rejected, next }
}

/** One page of the meters that a filter lets through, by external id. */
export async function readMeters(filter: MeterFilter, after: string | null): Promise<Page<Meter>> {
  const { clientSystemId, q, state } = filter
  const { meters, next } = await get<{ meters: Meter[]; next: string | null }>(
    withQuery('/api/meters', { clientSystemId, q: q || null, state, limit: '50', after }),
    exactNumbers,
  )
  return { items: meters, next }
}

export function readMeter(id: string): Promise<Meter> {
  return get<Meter>(`/api/meters/${encodeURIComponent(id)}`, exactNumbers)
}

/** One page of what happened to a meter, newest first. */
export async function readMeterHistory(id: number, before: string | null): Promise<Page<Change>> {
  const { changes, next } = await get<{ changes: Change[]; next: string | null }>(
    withQuery(`/api/meters/${id}/history`, { limit: '50', before }),
    exactNumbers,
  )
  return { items: changes, next }
}

/** One page of a meter's readings of all quantities, newest first. */
export async function readReadings(id: number, before: string | null): Promise<Page<Reading>> {
  const { readings, next } = await get<{ readings: Reading[]; next: string | null }>(
    withQuery(`/api/meters/${id}/readings`, { limit: '200', before }),
    exactNumbers,
  )
  return { items: readings, next }
}

function withQuery(path: string, query: Record<string, string | null>): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== null)
  return `${path}?${new URLSearchParams(given)}`
}

async function get<T>(url: string, reviver?: Reviver): Promise<T> {
  const response = await send(url, { headers: { accept: 'application/json' } })
  if (!response.ok) throw refusal(response, await problemOf(response))
  return body<T>(response, reviver)
}

/** The run that a request is about; in a conflict, that run is an answer to join or a refusal. */
async function post(url: string, content: object, conflict: 'join' | 'refuse'): Promise<Run> {
  const response = await send(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(content),
  })
  if (response.ok) return (await body<{ run: Run }>(response)).run
  const problem = await problemOf(response)
  if (conflict === 'join' && response.status === 409 && problem?.run !== undefined) return problem.run
  throw refusal(response, problem)
}

/** What was thrown, as an ApiError. */
export function toApiError(reason: unknown): ApiError {
  return reason instanceof ApiError ? reason : new ApiError(String(reason))
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, cache: 'no-store', signal: AbortSignal.timeout(20_000) })
  } catch (cause) {
    throw new ApiError('The agent did not answer.', {
      hint: 'Check that the agent is running and that this computer reaches it, then try again.',
      cause,
    })
  }
}

async function body<T>(response: Response, reviver?: Reviver): Promise<T> {
  try {
    const value: T = JSON.parse(await response.text(), reviver)
    return value
  } catch (cause) {
    throw new ApiError('The answer of the agent could not be read.', { status: response.status, cause })
  }
}

type Reviver = (key: string, value: unknown, context?: { source?: string }) => unknown

/** A number that JavaScript cannot hold to the last digit (or would write otherwise) stays the text it was. */
function exactNumbers(_key: string, value: unknown, context?: { source?: string }): unknown {
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
  return new ApiError(problem?.detail || problem?.title || `The agent answered with status ${response.status}.`, {
    hint: problem?.hint ?? null,
    status: response.status,
  })
}
