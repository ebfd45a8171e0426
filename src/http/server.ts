import type { IncomingMessage } from 'node:http'
import { fileURLToPath } from 'node:url'
import { getRequestListener } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Agent, Login } from '../agent.ts'
import type { Config } from '../config/environment.ts'
import { AgentError } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import { unlessAborted } from '../lib/timeout.ts'
import { createAuthentication } from './auth/authentication.ts'
import { type Asking, headers, refuseForeigners } from './auth/origin.ts'
import { createDescribed, describedPaths } from './described.ts'
import { type Listening, shuttingDown } from './listen.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { problem, thrownProblem } from './problems.ts'
import { inTime } from './requests.ts'
import { createApi } from './routes/api.ts'
import { operationsAt } from './routes/operations.ts'
import { createStreams, type Streams } from './stream.ts'

/** How long requests may go on when the agent stops; those that are left are answered that it does. */
export const stopGraceMs = 500

type HttpOptions = {
  agent: Agent
  config: Pick<Config, 'host' | 'port' | 'authToken' | 'allowedHosts' | 'clientSystems'>
  log: Log
  /** What answers at `/mcp`; stopped with the server. */
  mcp: {
    fetch: (request: Request, login: Login) => Promise<Response>
    /** Answers the calls that are under way, after `graceMs` with an error. */
    stop: (graceMs: number) => Promise<void>
  }
}

/** Built by `npm run build`. */
const pageDirectory = fileURLToPath(new URL('../../web/dist', import.meta.url))
const largestReadings = 10 * 1_024 * 1_024
const limitOther = limitBody(64 * 1_024)

/** Serves page, API, event stream and MCP on a port that is taken. `stop` answers what is under way and frees the port. */
export function serveHttp(
  { server, serve }: Listening,
  { agent, config, log, mcp }: HttpOptions,
): { stop: () => Promise<void> } {
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
  return {
    stop: async () => {
      metrics.stop()
      streams.stop()
      const closed = new Promise((done) => server.close(done))
      setTimeout(() => stopping.abort(shuttingDown()), stopGraceMs).unref()
      setTimeout(() => server.closeAllConnections(), 2 * stopGraceMs).unref()
      await Promise.all([mcp.stop(stopGraceMs), closed])
    },
  }
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
  const { guard, session } = createAuthentication(agent.access, log)
  app.onError((thrown, c) => thrownProblem(c, thrown, log))
  // Streams and assistants answer what is under way themselves.
  app.use((c, next) =>
    ['/api/events', '/mcp', '/mcp/'].includes(c.req.path) ? next() : unlessAborted(stopping, next()),
  )
  app.use(headers)
  app.use(refuseForeigners(config))
  app.get('/healthz', (c) => c.json({ status: 'alive' }))
  app.get('/readyz', async (c) => {
    const unready = await agent.unready()
    return c.json(
      { status: unready.length === 0 ? 'ready' : 'not ready', waitingFor: unready },
      unready.length === 0 ? 200 : 503,
    )
  })
  app.use('/api/session', limitOther)
  app.route('/api/session', session)
  // Nobody's body is read before it is known whose it is.
  app.use('/api/*', keepNothing, guard)
  for (const path of ['/metrics', '/mcp', '/mcp/']) app.use(path, guard)
  for (const path of describedPaths) app.use(path, keepNothing, guard)
  app.use('/api/readings', limitBody(largestReadings))
  app.use(async (c, next) => (c.req.path === '/api/readings' ? next() : await limitOther(c, next)))
  app.route('/api', createApi(agent, streams))
  app.get('/metrics', async (c) => c.body(await metrics.read(), 200, { 'Content-Type': metrics.contentType }))
  app.route('/', createDescribed())
  const answerMcp = async (c: Context<Asking>) => {
    const response = await mcp.fetch(c.req.raw, c.get('login'))
    response.headers.set('Cache-Control', 'no-store')
    return response
  }
  app.all('/mcp', answerMcp)
  app.all('/mcp/', answerMcp)
  app.use(
    '/*',
    serveStatic({
      root: pageDirectory,
      onFound: (path, c) =>
        c.header('Cache-Control', /\/assets\//.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache'),
    }),
  )
  app.notFound((c) => {
    const methods = operationsAt(c.req.path).map(({ method }) => method.toUpperCase())
    if (methods.length > 0 && !methods.includes(c.req.method)) {
      c.header('Allow', methods.join(', '))
      const hint = `Use ${methods.join(' or ')}`
      return problem(c, new AgentError('method_not_allowed', `${c.req.method} is not for ${c.req.path}`, { hint }))
    }
    if (c.req.path === '/') {
      return problem(c, new AgentError('not_found', 'The page has not been built', { hint: 'Run: npm run build' }))
    }
    return problem(
      c,
      new AgentError('not_found', `There is nothing at ${c.req.path}`, {
        hint: 'The page is at /, the API under /api',
      }),
    )
  })
  return app
}

const keepNothing: MiddlewareHandler<Asking> = async (c, next) => {
  await next()
  // The stream has sent its own headers; setting one here would make the adapter answer a second time.
  if (c.req.path !== '/api/events') c.header('Cache-Control', 'no-store')
}
