import type { Context, MiddlewareHandler } from 'hono'
import type { Access, Login } from '../../agent.ts'
import { AgentError, TooManyRequestsError } from '../../lib/errors.ts'
import type { Log } from '../../lib/log.ts'
import type { RequestEnv } from '../request-env.ts'
import type { Operation } from '../routes/operation.ts'
import { createAssistantCheck } from './assistant-check.ts'
import { deleteSessionCookie, readSessionCookie, setSessionCookie } from './cookie.ts'
import { createOpenAnswers } from './open-answers.ts'
import { requireScope } from './scopes.ts'
import { createLoginThrottle, type LoginThrottle } from './throttle.ts'

/**
 * Checks the tokens and sessions of requests. Every method throws `unauthorized` for a token that is not valid, and
 * `too_many_requests` after too many of them from one address.
 */
export type Authentication = {
  /** Returns true when HTTP requires a token. */
  required: () => boolean
  /** Returns the login of a request; null for a request with neither a token nor a valid session. */
  identify: (c: Context<RequestEnv>) => Promise<Login | null>
  /**
   * Returns a middleware that admits requests with `Authorization: Bearer …` or the cookie of a session. It throws
   * `forbidden_scope` where the login does not have the scope of the operation; without an operation any login is admitted.
   * Where no token is required, every client has all scopes.
   */
  guard: (operation?: Operation) => MiddlewareHandler<RequestEnv>
  /** Opens a session for the holder of a token and sets its cookie. */
  logIn: (c: Context<RequestEnv>, token: string) => Promise<Response>
  /** Ends the session of the cookie and deletes the cookie. */
  logOut: (c: Context<RequestEnv>) => Promise<Response>
}

export function createAuthentication(access: Access, log: Log): Authentication {
  const checks: Checks = { access, throttle: createLoginThrottle() }
  const registerAnswer = createOpenAnswers(access)
  const checkAssistant = createAssistantCheck(access, log)
  return {
    required: access.isTokenRequired,
    identify: (c) => identify(checks, c),
    guard: (operation) => async (c, next) => {
      const login = (await identify(checks, c)) ?? (await checkToken(checks, c, null))
      if (operation?.forAssistants) checkAssistant(login)
      if (operation?.scope) requireScope(login, operation.scope)
      c.set('login', login)
      if (operation) registerAnswer(login, c.env.outgoing, operation)
      return next()
    },
    logIn: (c, token) => logIn(checks, c, token),
    logOut: (c) => logOut(access, c),
  }
}

type Checks = { access: Access; throttle: LoginThrottle }

async function identify(checks: Checks, c: Context<RequestEnv>): Promise<Login | null> {
  const { access } = checks
  if (!access.isTokenRequired()) return access.anonymous
  const [, token] = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '') ?? []
  if (token !== undefined) return await checkToken(checks, c, token)
  const cookie = readSessionCookie(c)
  return cookie === null ? null : await access.authenticateSession(cookie)
}

/**
 * Returns the login of a token. A valid token is never throttled, because behind a proxy all clients share one address.
 * `token` is null for a request without one.
 */
async function checkToken({ access, throttle }: Checks, c: Context<RequestEnv>, token: string | null): Promise<Login> {
  const address = c.env.incoming.socket.remoteAddress ?? ''
  const waitSeconds = throttle.wait(address)
  const login = token === null ? null : await access.authenticateToken(token, { refreshIfUnknown: waitSeconds === 0 })
  if (login) return login
  if (waitSeconds > 0) throw new TooManyRequestsError('Too many wrong tokens came from this address', waitSeconds)
  if (token !== null) throttle.fail(address)
  const message = token === null ? 'A token is required' : 'The token is not valid'
  const hint =
    'Log in on the page, or send the header Authorization: Bearer with a token that is neither expired nor revoked'
  throw new AgentError('unauthorized', message, { hint })
}

async function logIn(checks: Checks, c: Context<RequestEnv>, token: string): Promise<Response> {
  const { access } = checks
  if (!access.isTokenRequired()) {
    const hint = 'No login is needed here; set AUTH_TOKEN or run `token create` to require one'
    throw new AgentError('unauthorized', 'This agent has no token to log in with', { hint })
  }
  const login = await checkToken(checks, c, token)
  requireScope(login, 'read')
  setSessionCookie(c, await access.logIn(login))
  return c.body(null, 204)
}

async function logOut(access: Access, c: Context<RequestEnv>): Promise<Response> {
  const cookie = readSessionCookie(c)
  if (cookie !== null && (await access.authenticateSession(cookie))) await access.logOut(cookie)
  deleteSessionCookie(c)
  return c.body(null, 204)
}
