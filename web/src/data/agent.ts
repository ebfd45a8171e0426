import { useCallback, useEffect, useReducer, useRef } from 'preact/hooks'
import type { Run, Status } from '../../../src/wire/types.ts'
import { readRuns } from './api.ts'
import { createAsker } from './asker.ts'
import { initialState, knowsMore, reduce, type State } from './state.ts'
import { openStream } from './stream.ts'

export type Agent = {
  state: State
  /** A run that was told outside the stream (the answer to a trigger). */
  tell(run: Run): void
  /** Reads a page of a Client System's history: the first, or the one that begins at `before`. */
  readHistory(clientSystemId: string, before: string | null): Promise<void>
}

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
    const hear = (status: Status, from: 'stream' | 'poll') => dispatch({ type: 'status', status, at: Date.now(), from })
    const readHistories = ({ clientSystems }: Status) => {
      for (const { id } of clientSystems) void readHistory(id, null)
    }
    const asker = createAsker({
      state: () => latest.current,
      onStatus: (status, before) => {
        // The stream seems open, and has not told what happened: its connection may have died without a word.
        if (before === 'live' && knowsMore(status, latest.current)) stream.reopen()
        hear(status, 'poll')
        if (before !== 'live') readHistories(status)
      },
      onUnanswered: (refused, before) => {
        // The stream seemed open, yet the agent does not answer: find out.
        if (before === 'live') stream.reopen()
        dispatch({ type: 'unanswered', refused })
      },
    })
    const stream = openStream('/api/events', {
      onStatus: (status) => {
        hear(status, 'stream')
        readHistories(status)
      },
      onRun: (run) => dispatch({ type: 'run', run, at: Date.now() }),
      onProgress: (progress) => dispatch({ type: 'progress', progress, at: Date.now() }),
      onUnavailable: (refused) => dispatch({ type: 'unavailable', refused }),
      onLost: () => dispatch({ type: 'lost' }),
      onRefused: () => {
        onRefused()
        asker.ask()
      },
    })
    return () => {
      asker.stop()
      stream.stop()
      dispatch({ type: 'left' })
    }
  }, [inside, onRefused, readHistory])

  return { state, tell: (run) => dispatch({ type: 'run', run, at: null }), readHistory }
}
