import type { ServerResponse } from 'node:http'
import type { Context, MiddlewareHandler } from 'hono'
import { type Access, administrator, type Login } from '../../agent.ts'
import { AgentError, TooManyRequestsError } from '../../lib/errors.ts'
import type { Log } from '../../lib/log.ts'
import { problem } from '../problems.ts'
import type { Operation } from '../routes/operation.ts'
import { giveSessionCookie, readSessionCookie, takeSessionCookie } from './cookie.ts'
import type { Asking } from './origin.ts'
import { requireScope } from './scopes.ts'
import { createLoginThrottle } from './throttle.ts'

export type Authentication = {
  /** Whether HTTP requires a token. */
  required: () => boolean
  /** The login of a request, the answer that refuses its token, or null for one without token and session. */
  identify: (c: Context<Asking>) => Promise<Login | Response | null>
  /**
   * Admits a client that sends `Authorization: Bearer …` or the cookie of a session, and has the scope of the operation.
   * Where no token is required, every client has all scopes. Without an operation it only asks for a login.
   */
  guard: (operation?: Operation) => MiddlewareHandler<Asking>
  /** Answers a token with the cookie of a session. */
  logIn: (c: Context<Asking>, token: string) => Promise<Response>
  /** Ends the session of the cookie. */
  logOut: (c: Context<Asking>) => Promise<Response>
}

export function createAuthentication(access: Access, log: Log): Authentication {
  const throttle = createLoginThrottle()

  /** The login of a token, or the answer that refuses it. The right token never waits: behind a proxy all share an address. */
  async function judgeToken(c: Context<Asking>, token: string | null): Promise<Login | Response> {
    const address = c.env.incoming.socket.remoteAddress ?? ''
    const seconds = throttle.wait(address)
    const login = token === null ? null : await access.byToken(token, { refreshIfUnknown: seconds === 0 })
    if (login) return login
    if (seconds > 0)
      return problem(c, new TooManyRequestsError('Too many wrong tokens came from this address', seconds))
    if (token !== null) throttle.fail(address)
    const message = token === null ? 'A token is required' : 'The token is not valid'
    const hint =
      'Log in on the page, or send the header Authorization: Bearer with a token that is neither expired nor revoked'
    return problem(c, new AgentError('unauthorized', message, { hint }))
  }

  /** Null for a client that sends neither token nor the cookie of a session that goes on. */
  async function identify(c: Context<Asking>): Promise<Login | Response | null> {
    if (!access.required()) return access.anonymous
    const [, bearer] = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '') ?? []
    if (bearer !== undefined) return await judgeToken(c, bearer)
    const cookie = readSessionCookie(c)
    return cookie === null ? null : await access.bySession(cookie)
  }

  const endWith = createEnder(access)
  const checkAssistant = createAssistantCheck(access, log)

  const guard =
    (operation?: Operation): MiddlewareHandler<Asking> =>
    async (c, next) => {
      const login = (await identify(c)) ?? (await judgeToken(c, null))
      if (login instanceof Response) return login
      if (operation?.forAssistants) checkAssistant(login)
      if (operation?.scope) requireScope(login, operation.scope)
      c.set('login', login)
      if (operation) endWith(login, c.env.outgoing, operation)
      return next()
    }

  return {
    required: access.required,
    identify,
    guard,
    logIn: async (c, token) => {
      if (!access.required()) {
        const hint = 'No login is needed here; set AUTH_TOKEN or run `token create` to require one'
        return problem(c, new AgentError('unauthorized', 'This agent has no token to log in with', { hint }))
      }
      const login = await judgeToken(c, token)
      if (login instanceof Response) return login
      requireScope(login, 'read')
      giveSessionCookie(c, await access.logIn(login))
      return c.body(null, 204)
    },
    logOut: async (c) => {
      const cookie = readSessionCookie(c)
      if (cookie !== null && (await access.bySession(cookie))) await access.logOut(cookie)
      takeSessionCookie(c)
      return c.body(null, 204)
    },
  }
}

/**
 * Refuses a token that may approve where assistants ask. A token that works for an assistant then lets it approve by no
 * other route either. AUTH_TOKEN stays usable, and the log says once that it should not be.
 */
function createAssistantCheck(access: Access, log: Log): (login: Login) => void {
  let warned = false
  return ({ id, scopes }) => {
    if (id === administrator && !warned) {
      warned = true
      log.warn('an assistant uses AUTH_TOKEN, which may also approve deletions; give it a token of its own')
    }
    if (id === administrator || id === access.anonymous.id || !scopes.includes('approve')) return
    const hint = 'Give the assistant a token of its own: token create NAME --scope read,operate'
    const message =
      'A token with the scope approve is for a person; an assistant needs one without it, with the scope read'
    throw new AgentError('forbidden_scope', message, { hint })
  }
}

/** Ends the answer of a login that is no longer valid, above all its event streams. */
function createEnder(access: Access) {
  const open = new Map<ServerResponse, { login: Login; operation: Operation }>()
  access.onRefresh(() => {
    for (const [response, { login, operation }] of open) {
      if (login.valid()) continue
      // Only the event stream is written to by the agent itself, which stops at its end; others are cut.
      if (operation.id === 'watchEvents' && response.headersSent) response.end()
      else response.destroy()
    }
  })
  return (login: Login, response: ServerResponse, operation: Operation): void => {
    open.set(response, { login, operation })
    response.once('close', () => open.delete(response))
  }
}
