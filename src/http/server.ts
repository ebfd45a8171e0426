import type { IncomingMessage } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { Agent } from '../agent.ts'
import { type Lifetime, stopGraceMs, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { type AppOptions, createApp } from './app.ts'
import { type Listening, shuttingDown } from './listen.ts'
import { createMetrics } from './metrics.ts'
import { createStreams } from './stream.ts'

type HttpOptions = {
  agent: Agent
  hosts: AppOptions['hosts']
  clientSystemIds: readonly string[]
  log: Log
  /** Answers at `/mcp`. Stopped with the server. */
  mcp: Pick<Lifetime, 'stop'> & AppOptions['mcp']
}

/**
 * Serves page, API, event stream and MCP on a port that is open. A stop waits `stopGraceMs` for running requests, answers the
 * remaining ones with `unavailable`, and frees the port.
 */
export function serveHttp(
  { server, serve }: Listening,
  { agent, hosts, clientSystemIds, log, mcp }: HttpOptions,
): Lifetime {
  const streams = createStreams(agent, log)
  const metrics = createMetrics(agent, clientSystemIds, streams.count)
  const stopping = new AbortController()
  const app = createApp({ agent, hosts, log, streams, mcp, metrics, stopping: stopping.signal })
  const listener = getRequestListener(app.fetch)
  serve((request, response) => {
    normalizeTarget(request)
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
 * Gives a request the path and the Host that the routes rely on. A target in absolute form has its own host, which replaces
 * the header (RFC 9112, 3.2.2). The adapter would refuse a probe of HTTP/1.0, which has no Host, so an absent or invalid
 * Host becomes the name `invalid`.
 */
function normalizeTarget(request: IncomingMessage): void {
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
