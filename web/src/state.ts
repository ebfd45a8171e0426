/**
 * What the page knows, as a pure reducer over what it heard: no clock, no network, no DOM.
 * The order of events is told by `revision` alone; an older one never overwrites a newer one.
 */
import type { ClientSystemStatus, Progress, Run, Status } from '../../src/events.ts'
import { type History, mergePage, noHistory, patchHistory } from './run-list.ts'

/** `connecting` until the first status, `live` while the stream is open, `lost` otherwise. */
export type Connection = 'connecting' | 'live' | 'lost'

export type SystemState = {
  status: ClientSystemStatus
  /** Of the active run; null while there is none, or before its first tick. */
  progress: Progress | null
  history: History
}

export type State = {
  connection: Connection
  /** Null until the first status. */
  agent: { version: string; demonstration: boolean } | null
  systems: readonly SystemState[]
  /** Add to the local clock to get the server's, in milliseconds. */
  clockOffset: number
  /** Local time of the last event on the stream, in milliseconds. */
  heardAt: number | null
  /** Local time of the last whole status, in milliseconds. */
  statusAt: number | null
}

export type Action =
  | { type: 'connection'; connection: Connection }
  | { type: 'status'; status: Status; at: number; from: 'stream' | 'poll' }
  | { type: 'run'; run: Run; at: number }
  | { type: 'progress'; progress: Progress; at: number }
  | { type: 'history'; clientSystemId: string; runs: readonly Run[]; next: string | null; before: string | null }
  | { type: 'history failed'; clientSystemId: string }

export const initialState: State = {
  connection: 'connecting',
  agent: null,
  systems: [],
  clockOffset: 0,
  heardAt: null,
  statusAt: null,
}

/** True while the run holds its Client System's slot: queued or running. */
export function isActive(run: Run): boolean {
  return run.status === 'queued' || run.status === 'running'
}

/** True when the run ended in a way that someone has to look at; a cancelled run did what was asked. */
export function isFailure(run: Run): boolean {
  return run.status === 'failed' || run.status === 'interrupted'
}

/** The next state. Returns the same object when the action tells nothing new. */
export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case 'connection':
      return state.connection === action.connection ? state : { ...state, connection: action.connection }
    case 'status':
      return applyStatus(state, action)
    case 'run':
      return withSystem({ ...state, heardAt: action.at }, action.run.clientSystemId, (s) => applyRun(s, action.run))
    case 'progress':
      return withSystem({ ...state, heardAt: action.at }, action.progress.clientSystemId, (s) =>
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
  // An answer to a question may cross newer events on the stream; the stream itself is in order.
  const outdated = status.clientSystems.some((s) => {
    const before = known.get(s.id)
    return before !== undefined && newestRevision(before.status) > newestRevision(s)
  })
  if (from === 'poll' && outdated) return { ...state, statusAt: at }
  return {
    connection: from === 'stream' ? 'live' : state.connection,
    agent: { version: status.version, demonstration: status.demonstration },
    systems: status.clientSystems.map((s) => {
      const before = known.get(s.id)
      const progress = before?.progress ?? null
      return {
        status: s,
        progress: progress !== null && progress.runId === s.activeRun?.id ? progress : null,
        history: [s.lastRun, s.activeRun].reduce(
          (history, run) => (run === null ? history : patchHistory(history, run)),
          before?.history ?? noHistory,
        ),
      }
    }),
    clockOffset: Date.parse(status.serverTime) - at,
    heardAt: at,
    statusAt: at,
  }
}

/** The runs of one Client System follow each other, so the newest revision tells which run is the latest. */
function newestRevision(status: ClientSystemStatus): number {
  return Math.max(status.activeRun?.revision ?? 0, status.lastRun?.revision ?? 0)
}

function applyRun(system: SystemState, run: Run): SystemState {
  const history = patchHistory(system.history, run)
  const { status } = system
  if (run.revision <= newestRevision(status)) return history === system.history ? system : { ...system, history }
  if (isActive(run)) {
    const progress = system.progress?.runId === run.id ? system.progress : null
    return { status: { ...status, activeRun: run }, progress, history }
  }
  return { status: ended(status, run), progress: null, history }
}

function ended(status: ClientSystemStatus, run: Run): ClientSystemStatus {
  const next: ClientSystemStatus = { ...status, activeRun: null, lastRun: run }
  if (run.status === 'succeeded') return { ...next, lastSuccess: run, freshness: 'fresh' }
  return isFailure(run) ? { ...next, lastFailure: run } : next
}
