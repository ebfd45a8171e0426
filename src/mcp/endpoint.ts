import { type AuthInfo, createMcpHandler, isLegacyRequest } from '@modelcontextprotocol/server'
import type { Agent, Caller, Login } from '../agent.ts'
import { type Lifetime, stopGraceMs, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { scopes } from '../wire/lists.ts'
import { createCalls } from './calls.ts'
import { createServer, createSubscribingServer, statusUri, watchStatus } from './server.ts'
import { createSessions } from './sessions.ts'

/**
 * The Sync MCP Server over Streamable HTTP, to be mounted at `/mcp` behind the checks of Host, Origin and token. A stop waits
 * `stopGraceMs` for running calls, answers the remaining ones with an error, and ends all streams, so that the HTTP server
 * can close.
 */
export type McpEndpoint = Lifetime & {
  /** Answers a request. `login` decides which tools may be called; the runs that it starts store its name. */
  fetch: (request: Request, login: Login) => Promise<Response>
}

/**
 * Creates the endpoint for two versions of the specification. Requests of the current one are independent: each gets a
 * server of its own, and a subscription lasts as long as its stream. Clients of 2025-11-25 have sessions, which keep their
 * subscriptions. A request of a session that this process does not know is answered without one, so that tools work with
 * every API process.
 */
export function createMcpEndpoint(agent: Agent, log: Log): McpEndpoint {
  const onerror = (err: Error) => log.debug({ err }, 'a request of an assistant was refused')
  const calls = createCalls({ graceMs: stopGraceMs })
  const handler = createMcpHandler(
    ({ era, authInfo }) => createServer({ agent, log, calls, subscribe: era === 'modern', caller: callerOf(authInfo) }),
    { onerror },
  )
  const sessions = createSessions((caller) => createSubscribingServer({ agent, log, caller, calls, era: 'legacy' }))
  const unwatch = watchStatus(agent, () => handler.notify.resourceUpdated(statusUri))

  async function fetch(request: Request, login: Login): Promise<Response> {
    const body = request.method === 'POST' ? await readJson(request.clone()) : undefined
    if (await isLegacyRequest(request.clone(), body)) {
      const response = await sessions.fetch(request, body, login)
      if (response) return response
    }
    // The token was checked before. The library gets only the name and the scopes of its login.
    const { id, name, scopes } = login
    return await handler.fetch(request, { authInfo: { token: '', clientId: id, scopes: [...scopes], extra: { name } } })
  }

  return withLifetime({ fetch }, async () => {
    await calls.stop()
    unwatch()
    await Promise.all([sessions.stop(), handler.close()])
  })
}

/** Returns the caller that `fetch` passed to the library. A request without one has no scope. */
function callerOf(info: AuthInfo | undefined): Caller {
  const name = info?.extra?.name
  return {
    name: typeof name === 'string' ? name : null,
    scopes: scopes.filter((scope) => info?.scopes.includes(scope)),
  }
}

/** Returns undefined for a body that is not JSON; the library refuses it. */
async function readJson(request: Request): Promise<unknown> {
  return await request.json().catch(() => undefined)
}
