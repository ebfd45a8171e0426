/** The agent's HTTP API as the page uses it. Every function rejects with an ApiError, and only with that. */
import type {
  AlertTest,
  Change,
  ChangeOperation,
  Collection,
  CollectionGroup,
  FlaggedReading,
  Gaps,
  Meter,
  MeterFacets,
  Preview,
  ReadingGap,
  Rejected,
  Run,
  RunHistory,
  Session,
  Settings,
  SilentMeter,
  Status,
  WaitingMeter,
} from '../../../src/wire/types.ts'
import type { MeterFilter } from '../routing/route.ts'
import { ApiError, exactNumbers, get, post, send, withQuery } from './requests.ts'
import type { RunQuery } from './run-query.ts'

export type Page<T> = { items: readonly T[]; next: string | null }

/** The whole status at this moment. */
export function readStatus(): Promise<Status> {
  return get<Status>('/api/status')
}

/** Starts a run. Returns the active run where there is one already. */
export function startRun(clientSystemId: string): Promise<Run> {
  return requestRun('/api/sync', { clientSystemId }, 'join')
}

/**
 * Starts a run that deletes the meters whose deletion `run` held back, if they are the ones that are missing by then.
 * Rejects when a run is active already, because the approval does not apply to it.
 */
export function approveDeletions({ clientSystemId, counts, withheldDigest }: Run): Promise<Run> {
  const approval = {
    approveDeletes: counts?.withheld ?? 0,
    ...(withheldDigest !== null && { approveDigest: withheldDigest }),
  }
  return requestRun('/api/sync', { clientSystemId, ...approval }, 'refuse')
}

/** Keeps the deletions that `run` held back for now. Rejects when the last sync held back others, or none. */
export async function keepDeletions({ clientSystemId, withheldDigest }: Run, note: string): Promise<void> {
  await send('/api/kept-deletions', { method: 'POST', content: { clientSystemId, digest: withheldDigest, note } })
}

/** Undoes `keepDeletions`. */
export async function releaseDeletions(clientSystemId: string): Promise<void> {
  await send(withQuery('/api/kept-deletions', { clientSystemId }), { method: 'DELETE' })
}

/** Sends a test alert to each alert channel. Returns what became of each. */
export async function testAlerts(): Promise<readonly AlertTest[]> {
  return (await post<{ results: AlertTest[] }>('/api/alerts/test', {})).results
}

/** Cancels an active run. Returns the run also when it has finished meanwhile. */
export function cancelRun(id: string): Promise<Run> {
  return requestRun(`/api/runs/${encodeURIComponent(id)}/cancel`, {}, 'join')
}

/** Returns what a sync would do now. Reading the Client System may take long, so only `signal` ends the request. */
export function previewRun(clientSystemId: string, signal: AbortSignal): Promise<Preview> {
  return post<Preview>('/api/preview', { clientSystemId }, { reviver: exactNumbers, signal })
}

/** The configuration of the agent, without its secrets. */
export function readSettings(): Promise<Settings> {
  return get<Settings>('/api/settings')
}

export function readSession(): Promise<Session> {
  return get<Session>('/api/session')
}

/** Logs in with a token. The session is a cookie that no script can read. */
export async function logIn(token: string): Promise<void> {
  await send('/api/session', { method: 'POST', content: { token } })
}

export async function logOut(): Promise<void> {
  await send('/api/session', { method: 'DELETE' })
}

/** One page of a Client System's runs, newest first: those that match the query, or all. */
export async function readRuns(clientSystemId: string, before: string | null, query?: RunQuery): Promise<Page<Run>> {
  const { runs, next } = await get<{ runs: Run[]; next: string | null }>(
    withQuery('/api/runs', { clientSystemId, ...query, limit: '30', before }),
  )
  return { items: runs, next }
}

/** The syncs of the last 90 days, by hour. */
export function readRunHistory(clientSystemId: string): Promise<RunHistory> {
  return get<RunHistory>(withQuery('/api/history', { clientSystemId }))
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

/** `total` is of the first page: how many meters there are, or with `totalIsExact` false a number that they exceed. */
export type MeterPage = Page<Meter> & { total: number | null; totalIsExact: boolean }

/** One page of the meters that match a filter, in its order. */
export async function readMeters(filter: MeterFilter, after: string | null): Promise<MeterPage> {
  const { meters, ...page } = await get<{ meters: Meter[] } & Omit<MeterPage, 'items'>>(
    withQuery('/api/meters', { ...queryOf(filter), ...orderOf(filter), limit: '50', after }),
    exactNumbers,
  )
  return { items: meters, ...page }
}

/** Returns the address of a CSV file of all of these meters. */
export function metersFileUrl(filter: MeterFilter): string {
  return withQuery('/api/meters', { ...queryOf(filter), ...orderOf(filter), format: 'csv' })
}

/** Returns how many meters each choice of a filter would leave. */
export function readMeterFacets(filter: MeterFilter): Promise<MeterFacets> {
  return get<MeterFacets>(withQuery('/api/meters/facets', { ...queryOf(filter), limit: '200' }))
}

function queryOf({ clientSystemId, q, state, kind, location, collection }: MeterFilter): Record<string, string | null> {
  return { clientSystemId, q: q.trim() || null, state, kind, location, collection }
}

function orderOf({ sort, order }: MeterFilter): Record<string, string> {
  return { sort, order }
}

/** How many meters of a Client System report. */
export function readCollection(clientSystemId: string): Promise<Collection> {
  return get<Collection>(withQuery('/api/collection', { clientSystemId }))
}

/** How many meters report, by location and kind. */
export async function readCollectionGroups(clientSystemId: string): Promise<readonly CollectionGroup[]> {
  const url = withQuery('/api/collection/groups', { clientSystemId })
  return (await get<{ groups: CollectionGroup[] }>(url)).groups
}

/** One page of the external ids whose readings wait for a meter. */
export async function readWaiting(clientSystemId: string, after: string | null): Promise<Page<WaitingMeter>> {
  const { waiting, next } = await get<{ waiting: WaitingMeter[]; next: string | null }>(
    withQuery('/api/readings/waiting', { clientSystemId, limit: '50', after }),
  )
  return { items: waiting, next }
}

/** One page of the silent meters, those that fell silent last first. */
export async function readSilentMeters(clientSystemId: string, before: string | null): Promise<Page<SilentMeter>> {
  const { meters, next } = await get<{ meters: SilentMeter[]; next: string | null }>(
    withQuery('/api/collection/silent', { clientSystemId, limit: '50', before }),
  )
  return { items: meters, next }
}

export function readMeter(id: string): Promise<Meter> {
  return get<Meter>(`/api/meters/${encodeURIComponent(id)}`, exactNumbers)
}

/** One page of what happened to a meter, newest first: few at first, so that they do not push the readings away. */
export async function readMeterHistory(id: number, before: string | null): Promise<Page<Change>> {
  const { changes, next } = await get<{ changes: Change[]; next: string | null }>(
    withQuery(`/api/meters/${id}/history`, { limit: before === null ? '5' : '50', before }),
    exactNumbers,
  )
  return { items: changes, next }
}

/** A meter's readings in a time: the newest of them where there are very many. */
export type ReadingsOfTime = { readings: readonly FlaggedReading[]; complete: boolean }

/** A quantity that is read every 15 minutes has 2,880 in 30 days. */
const maxReadings = 3000

/** The readings of all quantities from a time on and before another, newest first. */
export async function readReadings(id: number, time: { from: string; to: string }): Promise<ReadingsOfTime> {
  const readings: FlaggedReading[] = []
  let before: string | null = null
  do {
    const page: { readings: FlaggedReading[]; next: string | null } = await get(
      withQuery(`/api/meters/${id}/readings`, { ...time, limit: '200', before }),
      exactNumbers,
    )
    readings.push(...page.readings)
    before = page.next
  } while (before !== null && readings.length < maxReadings)
  return { readings, complete: before === null }
}

/** Returns the address of a CSV file of all of these readings. */
export function readingsFileUrl(id: number, time: { from: string; to: string }): string {
  return withQuery(`/api/meters/${id}/readings`, { ...time, format: 'csv' })
}

/** The times in which readings of a meter are missing, newest first. */
export async function readGaps(id: number, time: { from: string; to: string }): Promise<readonly ReadingGap[]> {
  return (await get<Gaps>(withQuery(`/api/meters/${id}/gaps`, time))).gaps
}

/** Sends a request that is answered with a run. In a conflict the active run is returned (`join`), or the call rejects. */
async function requestRun(url: string, content: object, conflict: 'join' | 'refuse'): Promise<Run> {
  try {
    return (await post<{ run: Run }>(url, content)).run
  } catch (error) {
    if (conflict === 'join' && error instanceof ApiError && error.status === 409 && error.run !== null) return error.run
    throw error
  }
}
