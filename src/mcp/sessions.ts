import { randomUUID } from 'node:crypto'
import {
  isInitializeRequest,
  type McpServer,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { Caller, Login } from '../agent.ts'
import { type Lifetime, withLifetime } from '../lib/lifetime.ts'

/** Sessions over HTTP for clients of the specification before, whose subscriptions live in them. */
export type Sessions = Lifetime & {
  /**
   * Answers within a session, opening one for a client that introduces itself. Null for a request that belongs to none
   * of this process's: another process may have opened it, or this one before it was started again.
   */
  fetch: (request: Request, body: unknown, login: Login) => Promise<Response | null>
  count: () => number
}

/** The server of one client; `catchUp` sends it what it may have missed while its stream was cut. */
export type Connected = { server: McpServer; catchUp: () => void }

type Session = Connected & {
  /** The login that opened it: it answers no other. */
  loginId: string
  transport: WebStandardStreamableHTTPServerTransport
  usedAt: number
  /** Its streams that are open: someone listens. */
  streams: number
}

/** How many ended sessions are remembered. */
const maxEnded = 1_000

/**
 * Whether only the process that opened the session can answer: the stream, the end, and a subscription. The client is
 * answered that the session is not found, and introduces itself anew. A call of a tool is answered by any process.
 */
function needsSession(request: Request, body: unknown): boolean {
  if (request.method !== 'POST') return true
  return subscription.safeParse(body).success
}

const subscription = z.object({ method: z.enum(['resources/subscribe', 'resources/unsubscribe']) })

/** In the words of the library; a client that reads it introduces itself anew. */
function sessionNotFound(): Response {
  const error = { code: -32_001, message: 'Session not found' }
  return Response.json({ jsonrpc: '2.0', error, id: null }, { status: 404 })
}

/** Few clients say goodbye. */
const mostSessions = 100
const idleMilliseconds = 3_600_000

/** `create` makes the server of one client. The id of a session is no credential: the token is checked with each request. */
export function createSessions(create: (caller: Caller) => Connected, now = Date.now): Sessions {
  /** In the order of their last use. */
  const sessions = new Map<string, Session>()
  /** Ended here: their client is answered that they are gone, in the order of their end. */
  const ended = new Set<string>()

  async function end(id: string): Promise<void> {
    const session = sessions.get(id)
    sessions.delete(id)
    ended.add(id)
    if (ended.size > maxEnded) for (const oldest of [...ended].slice(0, 1)) ended.delete(oldest)
    await session?.server.close()
  }

  /** Ends sessions that seem unused, and when there are too many, those unused for longest. */
  async function tidy(): Promise<void> {
    const silent = [...sessions].filter(([, { streams }]) => streams === 0)
    const idle = silent.filter(([, { usedAt }]) => now() - usedAt > idleMilliseconds)
    for (const [id] of idle) await end(id)
    const others = [...silent, ...sessions].map(([id]) => id)
    for (const id of others) if (sessions.size >= mostSessions) await end(id)
  }

  async function open(request: Request, login: Login): Promise<Response> {
    await tidy()
    const { server, catchUp } = create(login)
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) =>
        void sessions.set(id, { loginId: login.id, server, catchUp, transport, usedAt: now(), streams: 0 }),
      onsessionclosed: end,
    })
    await server.connect(transport)
    const response = await transport.handleRequest(request)
    if (transport.sessionId === undefined) await server.close()
    return response
  }

  function use(id: string, session: Session): void {
    session.usedAt = now()
    sessions.delete(id)
    sessions.set(id, session)
  }

  const part: Omit<Sessions, keyof Lifetime> = {
    fetch: async (request, body, login) => {
      const id = request.headers.get('mcp-session-id')
      if (id === null) return isInitializeRequest(body) ? await open(request, login) : null
      const session = sessions.get(id)
      if (session?.loginId !== login.id) return ended.has(id) || needsSession(request, body) ? sessionNotFound() : null
      use(id, session)
      const response = await session.transport.handleRequest(request)
      if (request.method === 'GET' && response.ok) {
        session.streams++
        session.catchUp()
        request.signal.addEventListener('abort', () => session.streams--, { once: true })
      }
      return response
    },
    count: () => sessions.size,
  }
  return withLifetime(part, async () => {
    for (const id of [...sessions.keys()]) await end(id)
  })
}
