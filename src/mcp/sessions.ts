import { randomUUID } from 'node:crypto'
import { isInitializeRequest, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { Caller, Login } from '../agent.ts'
import { type Lifetime, withLifetime } from '../lib/lifetime.ts'
import type { SubscribingServer } from './server.ts'

/** Sessions over HTTP for clients of the specification 2025-11-25, whose subscriptions last as long as their session. */
export type Sessions = Lifetime & {
  /**
   * Answers a request within its session, and opens one for a client that initializes. Returns null for a request whose
   * session this process does not know, because another process opened it or this one has restarted.
   */
  fetch: (request: Request, body: unknown, login: Login) => Promise<Response | null>
  count: () => number
}

type Session = SubscribingServer & {
  /** The login that opened the session. Requests of other logins are not answered within it. */
  loginId: string
  transport: WebStandardStreamableHTTPServerTransport
  usedAt: number
  openStreams: number
}

const maxSessions = 100
/** Few clients end their session, so it ends when it was unused for this long. */
const idleMs = 3_600_000
/** How many ended sessions are remembered, so that their clients get the answer that they have ended. */
const maxEnded = 1_000

/** The sessions in the order of their last use, and the ids of ended ones in the order of their end. */
type Store = { sessions: Map<string, Session>; ended: Set<string> }

/**
 * Creates an empty store of sessions. `createServer` makes the server of one client, and `now` returns milliseconds. The id
 * of a session is no credential: the token is checked with each request.
 */
export function createSessions(createServer: (caller: Caller) => SubscribingServer, now = Date.now): Sessions {
  const store: Store = { sessions: new Map(), ended: new Set() }

  async function openSession(request: Request, login: Login): Promise<Response> {
    await makeRoom(store, now())
    const connected = createServer(login)
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => {
        store.sessions.set(id, { ...connected, loginId: login.id, transport, usedAt: now(), openStreams: 0 })
      },
      onsessionclosed: (id) => endSession(store, id),
    })
    await connected.server.connect(transport)
    const response = await transport.handleRequest(request)
    if (transport.sessionId === undefined) await connected.server.close()
    return response
  }

  const fetch: Sessions['fetch'] = async (request, body, login) => {
    const id = request.headers.get('mcp-session-id')
    if (id === null) return isInitializeRequest(body) ? await openSession(request, login) : null
    const session = store.sessions.get(id)
    if (session?.loginId !== login.id) {
      return store.ended.has(id) || needsSession(request, body) ? sessionNotFound() : null
    }
    session.usedAt = now()
    store.sessions.delete(id)
    store.sessions.set(id, session)
    return await answerInSession(session, request)
  }

  return withLifetime({ fetch, count: () => store.sessions.size }, async () => {
    for (const id of [...store.sessions.keys()]) await endSession(store, id)
  })
}

async function answerInSession(session: Session, request: Request): Promise<Response> {
  const response = await session.transport.handleRequest(request)
  if (request.method === 'GET' && response.ok) {
    session.openStreams++
    session.catchUp()
    request.signal.addEventListener('abort', () => session.openStreams--, { once: true })
  }
  return response
}

async function endSession({ sessions, ended }: Store, id: string): Promise<void> {
  const session = sessions.get(id)
  sessions.delete(id)
  ended.add(id)
  const [oldest] = ended
  if (ended.size > maxEnded && oldest !== undefined) ended.delete(oldest)
  await session?.server.close()
}

/**
 * Ends idle sessions without a stream. Then ends the least recently used ones, those without a stream first, to allow one
 * more.
 */
async function makeRoom(store: Store, now: number): Promise<void> {
  const withoutStream = [...store.sessions].filter(([, { openStreams }]) => openStreams === 0)
  for (const [id, { usedAt }] of withoutStream) if (now - usedAt > idleMs) await endSession(store, id)
  for (const [id] of [...withoutStream, ...store.sessions]) {
    if (store.sessions.size >= maxSessions) await endSession(store, id)
  }
}

/**
 * Returns whether only the process that opened the session can answer: its stream, its end, and subscriptions. Any process
 * answers a call of a tool.
 */
function needsSession(request: Request, body: unknown): boolean {
  if (request.method !== 'POST') return true
  return subscription.safeParse(body).success
}

const subscription = z.object({ method: z.enum(['resources/subscribe', 'resources/unsubscribe']) })

/** Returns the answer of the library for an unknown session, at which the client initializes again. */
function sessionNotFound(): Response {
  const error = { code: -32_001, message: 'Session not found' }
  return Response.json({ jsonrpc: '2.0', error, id: null }, { status: 404 })
}
