/**
 * The state of the page, as a pure reducer over the events that it received: no clock, no network, no DOM.
 * The order of events is that of `revision`; an older one never overwrites a newer one.
 */

import { isFailure } from '../../../src/wire/condition.ts'
import type { ClientSystemStatus, Progress, Run, Status } from '../../../src/wire/types.ts'
import { type History, mergePage, noHistory, patchHistory } from './run-list.ts'

/**
 * `connecting` until the first answer, `live` while the stream is open, `polled` while the stream brings nothing but requests
 * are answered, `lost` otherwise.
 */
export type Connection = 'connecting' | 'live' | 'polled' | 'lost'

/** Why the agent does not return the status. */
export type Refused = { message: string; hint: string | null }

export type SystemState = {
  status: ClientSystemStatus
  /** Of the active run; null while there is none, or before its first tick. */
  progress: Progress | null
  history: History
}

export type State = {
  connection: Connection
  /** Null while the agent returns the status, and when it does not answer at all. */
  refused: Refused | null
  /** Null until the first status. */
  agent: { version: string; demonstration: boolean } | null
  systems: readonly SystemState[]
  /** Add to the local clock to get the server's, in milliseconds. */
  clockOffset: number
  /** Local time of the last event on the stream or whole status, in milliseconds. */
  lastUpdateAt: number | null
  /** Local time of the last whole status, in milliseconds. */
  statusAt: number | null
}

export type Action =
  /** The stream broke or was closed. */
  | { type: 'lost' }
  /** The agent reported on the stream that it does not know the state. */
  | { type: 'unavailable'; refused: Refused }
  /** A request brought no status. */
  | { type: 'unanswered'; refused: Refused | null }
  | { type: 'status'; status: Status; at: number; from: 'stream' | 'poll' }
  /** `at` is null for a run that did not come by the stream: then the rest of the page is no newer. */
  | { type: 'run'; run: Run; at: number | null }
  | { type: 'progress'; progress: Progress; at: number }
  | { type: 'history'; clientSystemId: string; runs: readonly Run[]; next: string | null; before: string | null }
  | { type: 'history failed'; clientSystemId: string }
  /** The browser may no longer read, so the state is removed. */
  | { type: 'login ended' }

/** True while changes arrive by the stream, or the status is requested every few seconds. */
export function isCurrent({ connection }: Pick<State, 'connection'>): boolean {
  return connection === 'live' || connection === 'polled'
}

export const initialState: State = {
  connection: 'connecting',
  refused: null,
  agent: null,
  systems: [],
  clockOffset: 0,
  lastUpdateAt: null,
  statusAt: null,
}

/** True while the run holds its Client System's slot: queued or running. */
export function isActive(run: Run): boolean {
  return run.status === 'queued' || run.status === 'running'
}

/** Returns the state after the action. Events of an unknown Client System are dropped. */
export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case 'login ended':
      return initialState
    case 'lost':
      // The stream did not arrive before either.
      return state.connection === 'lost' || state.connection === 'polled' ? state : { ...state, connection: 'lost' }
    case 'unavailable':
      return { ...state, connection: 'lost', refused: action.refused }
    case 'unanswered':
      return state.connection === 'live' ? state : { ...state, connection: 'lost', refused: action.refused }
    case 'status':
      return applyStatus(state, action)
    case 'run':
      return withSystem({ ...state, lastUpdateAt: action.at ?? state.lastUpdateAt }, action.run.clientSystemId, (s) =>
        applyRun(s, action.run),
      )
    case 'progress':
      return withSystem({ ...state, lastUpdateAt: action.at }, action.progress.clientSystemId, (s) =>
        s.status.activeRun?.id === action.progress.runId ? { ...s, progress: action.progress } : s,
      )
    case 'history':
      return withSystem(state, action.clientSystemId, (s) => ({
        ...s,
        history: mergePage(s.history, action.runs, action.next, action.before),
      }))
    case 'history failed':
      return withSystem(state, action.clientSystemId, (s) => ({ ...s, history: { ...s.history, state: 'failed' } }))
  }
}

function withSystem(state: State, id: string, change: (system: SystemState) => SystemState): State {
  return { ...state, systems: state.systems.map((s) => (s.status.id === id ? change(s) : s)) }
}

function applyStatus(state: State, { status, at, from }: Extract<Action, { type: 'status' }>): State {
  const known = new Map(state.systems.map((s) => [s.status.id, s]))
  // The first status of a connection replaces everything, because the state before may be of another database. A later one,
  // or a polled one, may be older than a run that was received already, such as the answer to a trigger.
  const { connection } = state
  const isFirst = connection !== 'live' && (from === 'stream' || connection !== 'polled')
  return {
    connection: from === 'stream' || connection === 'live' ? 'live' : 'polled',
    refused: null,
    agent: { version: status.version, demonstration: status.demonstration },
    systems: status.clientSystems.map((received) => {
      const before = known.get(received.id)
      const newer = isFirst || before === undefined ? [] : runsOf(before.status)
      const merged = newer.reduce(withRun, received)
      const latest = [merged.lastRun, merged.activeRun].filter((run) => run !== null)
      return {
        status: merged,
        progress: progressOf(merged, before?.progress ?? null),
        history: latest.reduce(patchHistory, before?.history ?? noHistory),
      }
    }),
    clockOffset: Date.parse(status.serverTime) - at,
    lastUpdateAt: at,
    statusAt: at,
  }
}

function applyRun(system: SystemState, run: Run): SystemState {
  const status = withRun(system.status, run)
  return { status, progress: progressOf(status, system.progress), history: patchHistory(system.history, run) }
}

/**
 * Returns the status with this run in it. The newest revision of each kind counts, in whatever order runs arrive. The number
 * of failures comes with the status that follows every end of a run, because a run may arrive twice, or not at all.
 */
function withRun(status: ClientSystemStatus, run: Run): ClientSystemStatus {
  const { activeRun, lastRun, lastSuccess, lastFailure } = status
  if (isActive(run)) return isNewer(run, activeRun) && isNewer(run, lastRun) ? { ...status, activeRun: run } : status
  const next = { ...status }
  if (isNewer(run, activeRun)) next.activeRun = null
  if (isNewer(run, lastRun)) next.lastRun = run
  if (isFailure(run) && isNewer(run, lastFailure)) next.lastFailure = run
  if (run.status === 'succeeded' && isNewer(run, lastSuccess)) {
    next.lastSuccess = run
    next.freshness = 'fresh'
  }
  return next
}

/** The runs of one Client System follow each other, so the one with the newest revision is the latest. */
function isNewer(run: Run, other: Run | null): boolean {
  return other === null || run.revision > other.revision
}

function runsOf({ lastSuccess, lastFailure, lastRun, activeRun }: ClientSystemStatus): Run[] {
  return [lastSuccess, lastFailure, lastRun, activeRun].filter((run) => run !== null)
}

function progressOf(status: ClientSystemStatus, progress: Progress | null): Progress | null {
  return progress !== null && progress.runId === status.activeRun?.id ? progress : null
}

/** Returns whether a status has a run, or a later state of one, that the state does not have. */
export function knowsMore({ clientSystems }: Status, state: State): boolean {
  return clientSystems.some(({ id, activeRun, lastRun }) => {
    const known = state.systems.find(({ status }) => status.id === id)?.status
    const newest = Math.max(known?.activeRun?.revision ?? 0, known?.lastRun?.revision ?? 0)
    return Math.max(activeRun?.revision ?? 0, lastRun?.revision ?? 0) > newest
  })
}
