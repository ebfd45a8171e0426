import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { compress } from 'hono/compress'
import type { Agent, Login } from '../agent.ts'
import { AgentError } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import { unlessAborted } from '../lib/timeout.ts'
import { createApiDocs } from './api-docs.ts'
import { type Authentication, createAuthentication } from './auth/authentication.ts'
import { checkHostAndOrigin, type ServedHosts, securityHeaders } from './auth/origin.ts'
import type { Metrics } from './metrics.ts'
import { answerPage, servePageFiles } from './page.ts'
import { problem, thrownProblem } from './problems.ts'
import { withBodyTimeout } from './read-request.ts'
import { createReadingsReceiver } from './readings/receive.ts'
import type { RequestEnv } from './request-env.ts'
import type { Operation } from './routes/operation.ts'
import type { Parts, Route } from './routes/route.ts'
import { methodsOf, routes } from './routes/routes.ts'
import type { Streams } from './stream.ts'

export type AppOptions = {
  agent: Agent
  hosts: ServedHosts
  log: Log
  /** Answers at `/mcp`. */
  mcp: { fetch: (request: Request, login: Login) => Promise<Response> }
  streams: Streams
  metrics: Metrics
  /** Aborts when running requests must end. */
  stopping: AbortSignal
}

/** Creates the routes and the checks before them, without a server. */
export function createApp({ agent, hosts, log, mcp, streams, metrics, stopping }: AppOptions): Hono<RequestEnv> {
  const authentication = createAuthentication(agent.access, log)
  const parts: Parts = {
    agent,
    streams,
    metrics,
    authentication,
    receiveReadings: createReadingsReceiver(),
    apiDocs: createApiDocs(),
    answerPage,
    answerAssistant: (c) => mcp.fetch(c.req.raw, c.get('login')),
  }
  const app = new Hono<RequestEnv>()
  app.onError((thrown, c) => thrownProblem(c, thrown, log))
  app.use(endWhenStopping(stopping))
  app.use(securityHeaders)
  app.use(checkHostAndOrigin(hosts, probes))
  for (const route of routes) addRoute(app, route, authentication, parts)
  // A client without a login gets 401 for an unknown path or method too.
  for (const path of guardedPaths) app.all(path, setNoStore, authentication.guard(), (c) => c.notFound())
  app.use('/*', servePageFiles)
  app.notFound(answerNotFound)
  return app
}

function addRoute(
  app: Hono<RequestEnv>,
  { operation, maxBodyBytes, serve }: Route,
  authentication: Authentication,
  parts: Parts,
): void {
  app.on(
    operation.method.toUpperCase(),
    pathsOf(operation),
    ...(operation.id === 'getPage' ? [] : [setNoStore]),
    ...(isCompressed(operation) ? [compressJson] : []),
    ...(operation.access === undefined ? [authentication.guard(operation)] : []),
    // After the authentication, so that a body is read only from a client that is known.
    limitBody(maxBodyBytes),
    (c) => serve(c, parts),
  )
}

/** Event streams and the Sync MCP Server answer their running requests themselves when the agent stops. */
const endThemselves = new Set(['/api/events', '/mcp', '/mcp/'])

function endWhenStopping(stopping: AbortSignal): MiddlewareHandler {
  return (c, next) => (endThemselves.has(c.req.path) ? next() : unlessAborted(stopping, next()))
}

/** Limits the size of a body. To measure a body without Content-Length it is read here, with the timeout of all bodies (F24). */
function limitBody(maxBytes: number): MiddlewareHandler {
  const limit = bodyLimit({
    maxSize: maxBytes,
    onError: (c) => {
      const hint = 'Send it in parts'
      return problem(c, new AgentError('too_large', `The body is larger than ${maxBytes} bytes`, { hint }))
    },
  })
  return (c, next) =>
    withBodyTimeout((arrived) =>
      limit(c, async () => {
        arrived()
        await next()
      }),
    )
}

const compressJson = compress({ encoding: 'gzip', contentTypeFilter: /^application\/json\b/ })

/** Returns true for answers that may be large. One with an ETag is not compressed, because the tag is of its bytes. */
function isCompressed({ method, path, id }: Operation): boolean {
  return method === 'get' && /^\/(api\/|openapi\.json)/.test(path) && !['watchEvents', 'listTargets'].includes(id)
}

/** Returns the paths of an operation as the router writes them. The path of an assistant may end with a slash. */
function pathsOf({ path }: Operation): string[] {
  const routed = path.replace('{id}', ':id')
  return path === '/mcp' ? [routed, `${routed}/`] : [routed]
}

/** Answered whatever the Host, because a probe may not know the name of the agent. */
const probes = new Set(routes.flatMap(({ operation: { access, path } }) => (access === 'probe' ? [path] : [])))

const guardedPaths = [
  '/api/*',
  ...routes.flatMap(({ operation }) => (operation.access === undefined ? pathsOf(operation) : [])),
]

/** Answers a request that no route serves, because its path or its method is unknown. */
function answerNotFound(c: Context<RequestEnv>): Response {
  const { method, path } = c.req
  const methods = methodsOf(path)
  if (methods.length > 0 && !methods.includes(method)) {
    c.header('Allow', methods.join(', '))
    const hint = `Use ${methods.join(' or ')}`
    return problem(c, new AgentError('method_not_allowed', `${path} does not accept ${method}`, { hint }))
  }
  const hint = 'Open the page at /, or use a route under /api; GET /docs lists them'
  return problem(c, new AgentError('not_found', `There is nothing at ${path}`, { hint }))
}

/** Keeps browsers and proxies from storing the answer. */
const setNoStore: MiddlewareHandler<RequestEnv> = async (c, next) => {
  await next()
  // The stream has sent its own headers; setting one here would make the adapter answer a second time.
  if (c.req.path !== '/api/events') c.header('Cache-Control', 'no-store')
}
