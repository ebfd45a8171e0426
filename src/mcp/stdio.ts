import { PassThrough } from 'node:stream'
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio'
import type { Agent, Caller } from '../agent.ts'
import { type Lifetime, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { createCalls } from './calls.ts'
import { createSubscribingServer } from './server.ts'

export type McpStdio = Lifetime & {
  /** Resolves when the client has disconnected. */
  closed: Promise<void>
}

/**
 * Serves one client on standard input and output, in either version of the specification. The runs that it starts store
 * `name`. No other part of the process may write to standard output.
 */
export function serveMcpStdio(agent: Agent, log: Log, name: string | null): McpStdio {
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  const calls = createCalls({ graceMs: 0 })
  const input = new PassThrough()
  process.stdin.pipe(input, { end: false })
  // A script closes its end after its last request, and still expects the answers.
  process.stdin.once('end', async () => {
    await calls.settled()
    input.end()
  })
  const transport = new ClosingTransport(input, resolve)
  const onerror = (err: Error) => log.debug({ err }, 'a message of the assistant was refused')
  const caller: Caller = { name, scopes: ['read', 'operate'] }
  const handle = serveStdio(({ era }) => createSubscribingServer({ agent, log, caller, calls, era }).server, {
    transport,
    onerror,
  })
  return withLifetime({ closed }, async () => {
    await calls.stop()
    await handle.close()
  })
}

/**
 * Standard input and output as a transport. When it closes, it stops reading standard input, which would otherwise keep
 * the process alive, and calls `onClosed`.
 */
class ClosingTransport extends StdioServerTransport {
  readonly #input: PassThrough
  readonly #onClosed: () => void

  constructor(input: PassThrough, onClosed: () => void) {
    super(input)
    this.#input = input
    this.#onClosed = onClosed
  }

  override async close() {
    process.stdin.unpipe(this.#input).pause()
    await super.close()
    this.#onClosed()
  }
}
