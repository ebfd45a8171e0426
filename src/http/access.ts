import { createHash, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import type { Config } from '../config.ts'
import { AgentError } from '../errors.ts'
import { problem } from './problems.ts'

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
export function refuseForeigners({ allowedHosts }: Pick<Config, 'allowedHosts'>): MiddlewareHandler {
  const served = allowedHosts.length > 0 ? new Set(allowedHosts) : loopback
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
    const crossSite = !safe.has(c.req.method) && c.req.header('sec-fetch-site') === 'cross-site'
    if (foreign || crossSite) {
      const hint = 'Open the page under the address that the agent is served at'
      return problem(c, new AgentError('forbidden_origin', 'Requests of other sites are refused', { hint }))
    }
    return next()
  }
}

/** With a token set, every route under it wants `Authorization: Bearer …`; compared over hashes, in constant time. */
export function requireToken({ authToken }: Pick<Config, 'authToken'>): MiddlewareHandler {
  const digest = (token: string) => createHash('sha256').update(token).digest()
  const expected = authToken === null ? null : digest(authToken)
  return async (c, next) => {
    if (expected === null) return next()
    const [, given = ''] = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '') ?? []
    if (timingSafeEqual(digest(given), expected)) return next()
    const hint = 'Send the header Authorization: Bearer with the value of AUTH_TOKEN'
    return problem(c, new AgentError('unauthorized', 'A token is required', { hint }))
  }
}
