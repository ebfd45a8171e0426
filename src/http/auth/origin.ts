import type { Context, MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import type { Config } from '../../config/environment.ts'
import { AgentError } from '../../lib/errors.ts'

const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Sets the headers that let a browser load from the agent alone, run no inline script, and show no page in a frame. */
export const securityHeaders = secureHeaders({
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

/** The names under which the agent is reached: those of ALLOWED_HOSTS, otherwise the loopback names and HOST. */
export type ServedHosts = Pick<Config, 'allowedHosts' | 'host'>

/**
 * Refuses a foreign Host (DNS rebinding) and a foreign Origin (a page of another site) on every path but those of `probes`
 * (F25).
 */
export function checkHostAndOrigin(
  { allowedHosts, host: ownHost }: ServedHosts,
  probes: ReadonlySet<string>,
): MiddlewareHandler {
  const served = allowedHosts.length > 0 ? new Set(allowedHosts) : new Set([...loopback, ownHost])
  const isServed = (host: string) => served.has(host) || served.has(host.replace(/:\d+$/, ''))
  return async (c, next) => {
    if (probes.has(c.req.path)) return next()
    const host = (c.req.header('host') ?? '').toLowerCase()
    if (!isServed(host)) {
      const hint = 'Add the name to ALLOWED_HOSTS if the agent shall be reached under it'
      throw new AgentError('forbidden_host', `The host ${JSON.stringify(host)} is not served`, { hint })
    }
    const origin = c.req.header('origin')
    const foreign = origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host)
    const site = c.req.header('sec-fetch-site') ?? 'none'
    const crossSite = site !== 'same-origin' && site !== 'none'
    if (foreign || (crossSite && !isNavigation(c))) {
      const hint = 'Open the page at an address of the agent'
      throw new AgentError('forbidden_origin', 'Requests from pages of other sites are refused', { hint })
    }
    return next()
  }
}

/** Returns true when a person followed a link of another site to a page. No other request from another site is served. */
function isNavigation(c: Context): boolean {
  const toDocument = c.req.header('sec-fetch-mode') === 'navigate' && c.req.header('sec-fetch-dest') === 'document'
  return safeMethods.has(c.req.method) && toDocument && !/^\/(api|mcp)(\/|$)/.test(c.req.path)
}
