import type { HttpBindings } from '@hono/node-server'
import type { Context, MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import type { Login } from '../../agent.ts'
import type { Config } from '../../config/environment.ts'
import { AgentError } from '../../lib/errors.ts'
import { problem } from '../problems.ts'

/** Served to anyone who can connect: a probe knows neither token nor name. */
const probes = new Set(['/healthz', '/readyz'])
const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])
const safe = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Nothing is loaded from elsewhere, nothing inline runs, no other page frames it. */
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

/** A foreign Host (DNS rebinding) or Origin (another site's page) is refused on every route but the probes (F25). */
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

/** What the routes know of the client. */
export type Asking = { Bindings: HttpBindings; Variables: { login: Login } }
