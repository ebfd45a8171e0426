import { useCallback, useEffect, useReducer, useRef } from 'preact/hooks'
import type { Run, Status } from '../../../src/wire/types.ts'
import { readRuns } from './api.ts'
import { createPoller } from './poller.ts'
import { initialState, knowsMore, reduce, type State } from './state.ts'
import { openStream } from './stream.ts'

export type Agent = {
  state: State
  /** Adds a run that did not come by the stream, such as the answer to a trigger. */
  addRun(run: Run): void
  /** Loads a page of a Client System's runs into the state: the first page, or the one that begins at `before`. */
  loadRuns(clientSystemId: string, before: string | null): Promise<void>
}

type Options = {
  /** Whether this browser may read. While it may not, there is no connection, and the state is empty. */
  connect: boolean
  /** The agent refused the stream. Must stay the same function. */
  onRefused: () => void
}

/** Returns what the page knows about the agent, kept up to date by the event stream while `connect` is true. */
export function useAgent({ connect, onRefused }: Options): Agent {
  const [state, dispatch] = useReducer(reduce, initialState)
  const latest = useRef(state)
  latest.current = state

  const loadRuns = useCallback(async (clientSystemId: string, before: string | null) => {
    try {
      const { items, next } = await readRuns(clientSystemId, before)
      dispatch({ type: 'history', clientSystemId, runs: items, next, before })
    } catch {
      dispatch({ type: 'history failed', clientSystemId })
    }
  }, [])

  useEffect(() => {
    if (!connect) return
    const receive = (status: Status, from: 'stream' | 'poll') =>
      dispatch({ type: 'status', status, at: Date.now(), from })
    const loadAllRuns = ({ clientSystems }: Status) => {
      for (const { id } of clientSystems) void loadRuns(id, null)
    }
    const poller = createPoller({
      state: () => latest.current,
      onStatus: (status, before) => {
        // The stream seems open, but has missed a change: its connection may be dead.
        if (before === 'live' && knowsMore(status, latest.current)) stream.reopen()
        receive(status, 'poll')
        if (before !== 'live') loadAllRuns(status)
      },
      onUnanswered: (refused, before) => {
        // The stream seemed open, but the agent does not answer: a new connection shows which is true.
        if (before === 'live') stream.reopen()
        dispatch({ type: 'unanswered', refused })
      },
    })
    const stream = openStream('/api/events', {
      onStatus: (status) => {
        receive(status, 'stream')
        loadAllRuns(status)
      },
      onRun: (run) => dispatch({ type: 'run', run, at: Date.now() }),
      onProgress: (progress) => dispatch({ type: 'progress', progress, at: Date.now() }),
      onUnavailable: (refused) => dispatch({ type: 'unavailable', refused }),
      onLost: () => dispatch({ type: 'lost' }),
      onRefused: () => {
        onRefused()
        poller.poll()
      },
    })
    return () => {
      poller.stop()
      stream.stop()
      dispatch({ type: 'login ended' })
    }
  }, [connect, onRefused, loadRuns])

  return { state, addRun: (run) => dispatch({ type: 'run', run, at: null }), loadRuns }
}
