import { useCallback, useEffect, useReducer, useRef } from 'preact/hooks'
import type { Run } from '../../src/events.ts'
import { readRuns, readStatus } from './api.ts'
import { initialState, reduce, type State } from './state.ts'
import { openStream } from './stream.ts'

export type Agent = {
  state: State
  /** A run that was told outside the stream (the answer to a trigger). */
  tell(run: Run): void
  /** Reads a page of a Client System's history: the first, or the one that begins at `before`. */
  readHistory(clientSystemId: string, before: string | null): Promise<void>
}

/** A whole status is asked for again when this old: freshness runs out in silence. */
const statusAgeMs = 5 * 60_000
/** … and already when this old, once a scheduled run is overdue. */
const overdueMs = 60_000

type Options = {
  /** Whether the agent may be looked at. While it may not, there is no connection and nothing is known. */
  inside: boolean
  /** The agent refused the stream. Must stay the same function. */
  onRefused: () => void
}

/** What the page knows about the agent, kept up to date by the event stream for as long as the caller is inside. */
export function useAgent({ inside, onRefused }: Options): Agent {
  const [state, dispatch] = useReducer(reduce, initialState)
  const latest = useRef(state)
  latest.current = state

  const readHistory = useCallback(async (clientSystemId: string, before: string | null) => {
    try {
      const { items, next } = await readRuns(clientSystemId, before)
      dispatch({ type: 'history', clientSystemId, runs: items, next, before })
    } catch {
      dispatch({ type: 'history failed', clientSystemId })
    }
  }, [])

  useEffect(() => {
    if (!inside) return
    const stream = openStream('/api/events', {
      onStatus: (status) => {
        dispatch({ type: 'status', status, at: Date.now(), from: 'stream' })
        for (const system of status.clientSystems) void readHistory(system.id, null)
      },
      onRun: (run) => dispatch({ type: 'run', run, at: Date.now() }),
      onProgress: (progress) => dispatch({ type: 'progress', progress, at: Date.now() }),
      onLost: () => dispatch({ type: 'connection', connection: 'lost' }),
      onRefused,
    })
    let asking = false
    let left = false
    const timer = setInterval(async () => {
      if (asking || document.hidden || !isDue(latest.current, Date.now())) return
      asking = true
      try {
        const status = await readStatus()
        if (!left) dispatch({ type: 'status', status, at: Date.now(), from: 'poll' })
      } catch {
        // The stream seemed open, yet the agent does not answer: find out.
        if (!left) stream.reopen()
      } finally {
        asking = false
      }
    }, 10_000)
    return () => {
      left = true
      clearInterval(timer)
      stream.stop()
      dispatch({ type: 'left' })
    }
  }, [inside, onRefused, readHistory])

  return { state, tell: (run) => dispatch({ type: 'run', run, at: null }), readHistory }
}

function isDue(state: State, now: number): boolean {
  if (state.connection !== 'live' || state.statusAt === null) return false
  const age = now - state.statusAt
  const overdue = state.systems.some(({ status: { activeRun, schedule } }) => {
    const next = schedule.nextRunAt
    return activeRun === null && next !== null && now + state.clockOffset - Date.parse(next) > 15_000
  })
  return age > statusAgeMs || (overdue && age > overdueMs)
}
