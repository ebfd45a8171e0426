import type { IncomingMessage } from 'node:http'
import { fileURLToPath } from 'node:url'
import { getRequestListener } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { compress } from 'hono/compress'
import type { Agent, Login } from '../agent.ts'
import type { Config } from '../config/environment.ts'
import { AgentError } from '../lib/errors.ts'
import { type Lifetime, stopGraceMs, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { unlessAborted } from '../lib/timeout.ts'
import { createAuthentication } from './auth/authentication.ts'
import { type Asking, headers, refuseForeigners } from './auth/origin.ts'
import { createDescription } from './description.ts'
import { type Listening, shuttingDown } from './listen.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { problem, thrownProblem } from './problems.ts'
import { createReadReadings } from './readings.ts'
import { inTime } from './requests.ts'
import type { Operation } from './routes/operation.ts'
import type { Parts } from './routes/route.ts'
import { methodsOf, routes } from './routes/routes.ts'
import { createStreams, type Streams } from './stream.ts'

type HttpOptions = {
  agent: Agent
  config: Pick<Config, 'host' | 'port' | 'authToken' | 'allowedHosts' | 'clientSystems'>
  log: Log
  /** What answers at `/mcp`; stopped with the server. */
  mcp: Pick<Lifetime, 'stop'> & { fetch: (request: Request, login: Login) => Promise<Response> }
}

/** Built by `npm run build`. */
const pageDirectory = fileURLToPath(new URL('../../web/dist', import.meta.url))

/** Serves page, API, event stream and MCP on a port that is open. A stop answers running requests and frees the port. */
export function serveHttp({ server, serve }: Listening, { agent, config, log, mcp }: HttpOptions): Lifetime {
  const clientSystems = config.clientSystems.map(({ id }) => id)
  const streams = createStreams(agent, log)
  const metrics = createMetrics(agent, clientSystems, streams.count)
  const stopping = new AbortController()
  const app = createApp({ agent, config, log, streams, mcp, metrics, stopping: stopping.signal })
  const listener = getRequestListener(app.fetch)
  serve((request, response) => {
    originForm(request)
    void listener(request, response)
  })
  return withLifetime({}, async () => {
    const closed = new Promise((done) => server.close(done))
    setTimeout(() => stopping.abort(shuttingDown()), stopGraceMs).unref()
    setTimeout(() => server.closeAllConnections(), 2 * stopGraceMs).unref()
    await Promise.all([metrics.stop(), streams.stop(), mcp.stop(), closed])
  })
}

/**
 * Gives a request the target and the Host that the routes rely on. A target in absolute form names its host itself, and
 * the header does not count (RFC 9112, 3.2.2). A probe of HTTP/1.0 has no Host: the adapter would refuse it, or an invalid
 * one, before the routes are asked.
 */
function originForm(request: IncomingMessage): void {
  const { url = '/', headers, rawHeaders } = request
  let host = headers.host ?? ''
  if (!url.startsWith('/')) {
    const target = URL.canParse(url) ? new URL(url) : null
    host = target?.host ?? ''
    request.url = target ? `${target.pathname}${target.search}` : '/'
    const at = rawHeaders.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'host')
    if (at !== -1) rawHeaders[at + 1] = host
  }
  headers.host = isHost(host) ? host : 'invalid'
}

function isHost(text: string): boolean {
  return /^([\w.-]+|\[[\da-f:.]+\])(:\d+)?$/i.test(text) && URL.canParse(`http://${text}`)
}

/** A body that is sent in chunks is read here, to be measured: within the time that any body has (F24). */
function limitBody(bytes: number): MiddlewareHandler {
  const limit = bodyLimit({
    maxSize: bytes,
    onError: (c) =>
      problem(c, new AgentError('too_large', `The body is larger than ${bytes} bytes`, { hint: 'Send it in parts' })),
  })
  return (c, next) =>
    inTime((arrived) =>
      limit(c, async () => {
        arrived()
        await next()
      }),
    )
}

/** The routes, without a server. */
export function createApp({
  agent,
  config,
  log,
  mcp,
  streams,
  metrics,
  stopping,
}: HttpOptions & { streams: Streams; metrics: Metrics; stopping: AbortSignal }) {
  const app = new Hono<Asking>()
  const authentication = createAuthentication(agent.access, log)
  const parts: Parts = {
    agent,
    streams,
    metrics,
    authentication,
    readReadings: createReadReadings(),
    description: createDescription(),
    answerPage,
    answerAssistant: (c) => mcp.fetch(c.req.raw, c.get('login')),
  }
  app.onError((thrown, c) => thrownProblem(c, thrown, log))
  // Streams and assistants answer their running requests themselves.
  app.use((c, next) =>
    ['/api/events', '/mcp', '/mcp/'].includes(c.req.path) ? next() : unlessAborted(stopping, next()),
  )
  app.use(headers)
  app.use(refuseForeigners(config))
  for (const { operation, maxBodyBytes, serve } of routes) {
    app.on(
      operation.method.toUpperCase(),
      pathsOf(operation),
      ...(operation.id === 'getPage' ? [] : [keepNothing]),
      ...(isCompressed(operation) ? [compressJson] : []),
      ...(operation.access === undefined ? [authentication.guard(operation)] : []),
      // After the login: a body is read only of a client that is known.
      limitBody(maxBodyBytes),
      (c) => serve(c, parts),
    )
  }
  // Another path or method is refused after the login, as a route would be.
  for (const path of guardedPaths) app.all(path, keepNothing, authentication.guard(), (c) => c.notFound())
  app.use('/*', serveStatic({ root: pageDirectory, precompressed: true, onFound: keepAsset }))
  app.notFound((c) =>
    problem(
      c,
      notFound(c.req.method, c.req.path, (methods) => c.header('Allow', methods)),
    ),
  )
  return app
}

const compressJson = compress({ encoding: 'gzip', contentTypeFilter: /^application\/json\b/ })

/** Returns true for answers that may be large. One with an ETag is not compressed, because the tag is of its bytes. */
function isCompressed({ method, path, id }: Operation): boolean {
  return method === 'get' && /^\/(api\/|openapi\.json)/.test(path) && !['watchEvents', 'listTargets'].includes(id)
}

/** The paths of an operation as the router writes them. An assistant may be set up with a slash at the end. */
function pathsOf({ path }: Operation): string[] {
  const routed = path.replace('{id}', ':id')
  return path === '/mcp' ? [routed, `${routed}/`] : [routed]
}

const guardedPaths = [
  '/api/*',
  ...routes.flatMap(({ operation }) => (operation.access === undefined ? pathsOf(operation) : [])),
]

/** The error for a request that no route serves: the method is wrong, or the path. */
function notFound(method: string, path: string, allow: (methods: string) => void): AgentError {
  const methods = methodsOf(path)
  if (methods.length > 0 && !methods.includes(method)) {
    allow(methods.join(', '))
    return new AgentError('method_not_allowed', `${method} is not for ${path}`, { hint: `Use ${methods.join(' or ')}` })
  }
  return new AgentError('not_found', `There is nothing at ${path}`, {
    hint: 'The page is at /, the API under /api',
  })
}

const staticPage = serveStatic<Asking>({
  root: pageDirectory,
  path: 'index.html',
  precompressed: true,
  onFound: keepAsset,
})

async function answerPage(c: Context<Asking>): Promise<Response | null> {
  return (await staticPage(c, async () => undefined)) ?? null
}

/** Assets have their hash in their name. */
function keepAsset(path: string, c: Context): void {
  c.header('Cache-Control', /\/assets\//.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache')
}

const keepNothing: MiddlewareHandler<Asking> = async (c, next) => {
  await next()
  // The stream has sent its own headers; setting one here would make the adapter answer a second time.
  if (c.req.path !== '/api/events') c.header('Cache-Control', 'no-store')
}
