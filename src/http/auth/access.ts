import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { secureHeaders } from 'hono/secure-headers'
import type { Config } from '../../config/environment.ts'
import { AgentError } from '../../lib/errors.ts'
import type { Session } from '../../wire/types.ts'
import { problem } from '../problems.ts'
import { body } from '../requests.ts'
import { sessionBody } from '../routes/inputs.ts'
import { createKeeper, createPatience, sessionCookie, sessionSeconds } from './session.ts'

/** Served to anyone who can connect: a probe knows neither token nor name. */
const probes = new Set(['/healthz', '/readyz'])
const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])
const safe = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Nothing is loaded from elsewhere, nothing inline runs, nobody frames the page. */
export const headers = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    fontSrc: ["'self'"],
    manifestSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
  strictTransportSecurity: false,
  referrerPolicy: 'no-referrer',
  xFrameOptions: 'DENY',
})

/** A foreign Host (DNS rebinding) or Origin (another site's page) is refused on every route but the probes (Fault 25). */
export function refuseForeigners({
  allowedHosts,
  host: own,
}: Pick<Config, 'allowedHosts' | 'host'>): MiddlewareHandler {
  const served = allowedHosts.length > 0 ? new Set(allowedHosts) : new Set([...loopback, own])
  const isServed = (host: string) => served.has(host) || served.has(host.replace(/:\d+$/, ''))
  return async (c, next) => {
    if (probes.has(c.req.path)) return next()
    const host = (c.req.header('host') ?? '').toLowerCase()
    if (!isServed(host)) {
      const hint = 'Add the name to ALLOWED_HOSTS if it is yours'
      return problem(c, new AgentError('forbidden_host', `The host ${JSON.stringify(host)} is not served`, { hint }))
    }
    const origin = c.req.header('origin')
    const foreign = origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host)
    const site = c.req.header('sec-fetch-site') ?? 'none'
    const crossSite = site !== 'same-origin' && site !== 'none'
    if (foreign || (crossSite && !isNavigation(c))) {
      const hint = 'Open the page under the address that the agent is served at'
      return problem(c, new AgentError('forbidden_origin', 'Requests of other sites are refused', { hint }))
    }
    return next()
  }
}

/** A person followed a link of another site to a page of the agent. No other request of another site is served. */
function isNavigation(c: Context): boolean {
  const toDocument = c.req.header('sec-fetch-mode') === 'navigate' && c.req.header('sec-fetch-dest') === 'document'
  return safe.has(c.req.method) && toDocument && !/^\/(api|mcp)(\/|$)/.test(c.req.path)
}

/** What the routes know of who asks. */
export type Asking = { Bindings: HttpBindings; Variables: { requestedBy: string | null } }

/** The door of an agent that has a token. Without one everybody is let in, nameless. */
export type Door = {
  /** Lets in who sends `Authorization: Bearer …` or the cookie of a session. */
  guard: MiddlewareHandler<Asking>
  /** `GET`: is there a session? `POST`: the token for a session's cookie. `DELETE`: takes the cookie back. */
  session: Hono<Asking>
}

export function createDoor({ authToken }: Pick<Config, 'authToken'>): Door {
  const keeper = authToken === null ? null : createKeeper(authToken)
  const patience = createPatience()
  const session = new Hono<Asking>()

  const refuse = (c: Context<Asking>, address: string, given: boolean) => {
    if (given) patience.fail(address)
    const hint = 'Log in on the page, or send the header Authorization: Bearer with the value of AUTH_TOKEN'
    return problem(c, new AgentError('unauthorized', given ? 'The token is wrong' : 'A token is required', { hint }))
  }
  const makeWait = (c: Context<Asking>, seconds: number) => {
    c.header('Retry-After', String(seconds))
    const hint = `Try again in ${seconds} s`
    return problem(c, new AgentError('too_many_requests', 'Too many wrong tokens came from this address', { hint }))
  }

  const hasSession = (c: Context<Asking>) => keeper?.isSession(getCookie(c, sessionCookie) ?? '') ?? false

  session.use(async (c, next) => {
    await next()
    c.header('Cache-Control', 'no-store')
  })
  // Open to everybody: the page cannot see its own cookie, and EventSource does not tell a 401 from a lost connection.
  session.get('/', (c) => {
    const answer: Session = { required: keeper !== null, loggedIn: hasSession(c) }
    return c.json(answer)
  })
  session.post('/', async (c) => {
    const { token } = await body(c, sessionBody)
    if (!keeper) {
      const hint = 'Nothing asks for a session here; AUTH_TOKEN would set a token'
      return problem(c, new AgentError('unauthorized', 'This agent has no token to log in with', { hint }))
    }
    const address = addressOf(c)
    const seconds = patience.wait(address)
    if (seconds > 0) return makeWait(c, seconds)
    if (!keeper.isToken(token)) return refuse(c, address, true)
    const secure = new URL(c.req.url).protocol === 'https:' || c.req.header('x-forwarded-proto') === 'https'
    const options = { path: '/', httpOnly: true, sameSite: 'Strict', maxAge: sessionSeconds, secure } as const
    setCookie(c, sessionCookie, keeper.issue(), options)
    return c.body(null, 204)
  })
  session.delete('/', (c) => {
    deleteCookie(c, sessionCookie, { path: '/' })
    return c.body(null, 204)
  })

  const guard: MiddlewareHandler<Asking> = async (c, next) => {
    c.set('requestedBy', keeper ? 'administrator' : null)
    if (!keeper) return next()
    const address = addressOf(c)
    const [, bearer] = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '') ?? []
    if (bearer === undefined && hasSession(c)) return next()
    // The right token never waits: behind a proxy all share an address, and one old token would keep out every collector.
    if (bearer !== undefined && keeper.isToken(bearer)) return next()
    const seconds = patience.wait(address)
    if (seconds > 0) return makeWait(c, seconds)
    return refuse(c, address, bearer !== undefined)
  }
  return { guard, session }
}

function addressOf(c: Context<Asking>): string {
  return c.env.incoming.socket.remoteAddress ?? ''
}
