import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Config } from '../config/environment.ts'
import { isLoopback } from '../config/targets.ts'
import { AgentError, ConfigError, errorCode } from '../lib/errors.ts'
import { type Lifetime, withLifetime } from '../lib/lifetime.ts'
import { answerMalformed } from './malformed.ts'
import { describeProblem } from './problems.ts'

/** An open port. Until `serve` is called, every request except a probe gets `unavailable`. A stop frees the port. */
export type Listening = Lifetime & {
  server: Server
  url: string
  port: number
  /** Answers all further requests with `listener`. */
  serve: (listener: RequestListener) => void
}

/**
 * Opens the port before any other part is started, so that no run starts when another program uses the port. Throws
 * ConfigError when the port is not available.
 */
export async function listenHttp(config: Pick<Config, 'host' | 'port'>): Promise<Listening> {
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 15_000, connectionsCheckingInterval: 5_000 })
  let answer: RequestListener = refuseWhileStarting
  answerMalformed(server)
  server.on('request', (request, response) => answer(request, response))
  await listen(server, config)
  const { port } = server.address() as AddressInfo
  const name = isLoopback(config.host) || config.host === '0.0.0.0' || config.host === '::' ? 'localhost' : config.host
  const serve: Listening['serve'] = (listener) => {
    answer = listener
  }
  return withLifetime({ server, url: `http://${name}:${port}`, port, serve }, async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  })
}

/** Returns the error of requests while the agent starts. */
function starting(): AgentError {
  return new AgentError('unavailable', 'The agent is starting', {
    hint: 'Try again in a few seconds; GET /readyz answers 200 when it is ready',
  })
}

/** Returns the error of a running request when the agent stops. */
export function shuttingDown(): AgentError {
  return new AgentError('unavailable', 'The agent is shutting down', { hint: 'Try again when it has started' })
}

function refuseWhileStarting(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url?.split('?')[0]
  const { status, ...body } = describeProblem(starting())
  if (path === '/healthz') reply(response, 200, 'application/json', { status: 'alive' })
  else if (path === '/readyz') reply(response, 503, 'application/json', { status: 'not ready', waitingFor: ['start'] })
  else reply(response, status, 'application/problem+json', { ...body, status })
}

function reply(response: ServerResponse, status: number, type: string, body: object): void {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store', Connection: 'close' })
  response.end(JSON.stringify(body))
}

async function listen(server: Server, { host, port }: Pick<Config, 'host' | 'port'>): Promise<void> {
  try {
    await new Promise<void>((done, failed) => {
      server.once('error', failed)
      server.listen(port, host, done)
    })
  } catch (error) {
    if (errorCode(error) === 'EADDRINUSE') {
      throw new ConfigError([
        `PORT: ${port} on ${host} is in use by another program; set PORT to a free one (0 picks one)`,
      ])
    }
    if (errorCode(error) === 'EACCES')
      throw new ConfigError([`PORT: ${port} may not be used by this user; set PORT above 1023`])
    if (errorCode(error) === 'EADDRNOTAVAIL')
      throw new ConfigError([`HOST: ${host} is not an address of this machine; set HOST to one, such as 127.0.0.1`])
    throw error
  }
}
