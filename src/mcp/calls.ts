import { setImmediate } from 'node:timers/promises'
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server'
import { type Lifetime, withLifetime } from '../lib/lifetime.ts'
import { unlessAborted, withTimeout } from '../lib/timeout.ts'

/** The running calls of assistants. A stop waits `graceMs` for them, then answers the remaining ones with an error. */
export type Calls = Lifetime & {
  /** Waits for a call and returns its answer. Throws a JSON-RPC error when the agent stops before the call ends. */
  track: <Answer>(call: Promise<Answer>) => Promise<Answer>
  /** Waits until every running call has its answer. */
  settled: () => Promise<void>
}

export function createCalls({ graceMs }: { graceMs: number }): Calls {
  const running = new Set<Promise<unknown>>()
  const stopping = new AbortController()
  const settled = async () => {
    await setImmediate()
    await Promise.allSettled(running)
    // The library has written the answers by then.
    await setImmediate()
  }
  const track: Calls['track'] = async (call) => {
    const answer = unlessAborted(stopping.signal, call)
    running.add(answer)
    try {
      return await answer
    } finally {
      running.delete(answer)
    }
  }
  return withLifetime({ track, settled }, async () => {
    await withTimeout(graceMs, settled()).catch(() => undefined)
    stopping.abort(
      new ProtocolError(ProtocolErrorCode.InternalError, 'The agent is shutting down', {
        code: 'unavailable',
        hint: 'Try again when it has started',
      }),
    )
    await settled()
  })
}
