import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { listenHttp } from '../../src/http/listen.ts'
import type { Meter, Run } from '../../src/wire/types.ts'
import { administrator, createRequest, type Request, type RequestOptions } from '../support/administrator.ts'
import { createContract, describedAnswers, operationsOf } from '../support/contract.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { openStream } from '../support/stream.ts'
import { createServer, createWorld, eventually, type TestAgent, type World } from '../support/world.ts'

const unknownRun = '00000000-0000-4000-8000-000000000000'

const reading = JSON.stringify([
  { externalId: '1', quantity: 'energy', value: 1.5, unit: 'kWh', readAt: '2026-01-31T12:00:00Z' },
])
const keptDeletions = { digest: '0123456789abcdef', note: 'Replaced' }
const loginWithWrongToken = { body: JSON.stringify({ token: 'wrong' }) }

const mcpHeaders = { Accept: 'application/json, text/event-stream', 'Content-Type': 'application/json' }
const initialize = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1.0.0' } },
})
const listTools = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })

/** A valid body of each route that needs one. */
const valid: Record<string, RequestOptions> = {
  '/api/kept-deletions': { body: JSON.stringify(keptDeletions) },
  '/api/session': { body: JSON.stringify({ token: administrator.token }) },
  '/api/readings': { body: reading },
  '/mcp': { headers: mcpHeaders, body: listTools },
}

/** The described answers that no request of this test causes, and why. */
const untested: [RegExp, string][] = [
  [/ 500$/, 'an internal error'],
  [/ 408$/, 'http/server.test.ts waits for a body that does not arrive'],
  [/^get \/ 404$/, 'the page is built before the tests'],
]

/** An agent whose runs can be stopped at a gate, and what the requests of the test refer to. */
async function startAgent(t: TestContext) {
  const world = await createWorld(t)
  await createMeters(world.source)
  await world.source.query(`insert into meter (external_id, name) values (900, ' ')`)
  const gate = await createGate(world.source)
  const agent = await world.agent({
    CLIENT_SYSTEM_QUERY: gate.query,
    AUTH_TOKEN: administrator.token,
    DELETE_GUARD_MINIMUM: '0',
  })
  const contract = createContract(await administrator.describe(agent))
  const request = createRequest(agent, contract)
  const operations = operationsOf(contract.description.paths)
  const latest = async (): Promise<Run | undefined> =>
    (await administrator.api<{ runs: Run[] }>(agent, '/api/runs?limit=1')).runs[0]
  /** Waits until the latest run has ended. */
  const ended = () =>
    eventually(async () => {
      const run = await latest()
      return run?.finishedAt === null ? null : run
    })
  await eventually(async () => (await agent.api('/readyz')).status === 200)
  const first = await ended()
  const { meters } = await administrator.api<{ meters: Meter[] }>(agent, '/api/meters?q=S1')
  return { world, gate, agent, contract, request, operations, latest, ended, first, meterId: meters[0]?.id ?? 0 }
}

type Started = Awaited<ReturnType<typeof startAgent>>

/** Sends valid requests, with a run, a rejected row, and a meter with a reading and a history. Returns the id of the run. */
async function sendValidRequests(started: Started): Promise<string> {
  const { world, gate, request, operations, ended, first, meterId } = started
  await request('post', '/api/readings', { body: reading })
  await world.source.query(`update meter set name = 'Renamed' where external_id = 1`)
  const { body: preview } = await request('post', '/api/preview')
  assert.ok(JSON.stringify(preview).includes('Renamed'))
  const open = await gate.close()
  const { body: triggered } = await request('post', '/api/sync', { body: '{"full":true}' })
  await gate.untilReached()
  await request('post', '/api/sync')
  await request('post', '/api/preview')
  await open()
  const { id } = await ended()
  assert.ok(JSON.stringify(triggered).includes(id))
  for (const { method, path } of operations.filter(({ method }) => method === 'get')) {
    await request(method, path, { id: path.includes('meters') ? meterId : id })
  }
  await request('get', '/api/runs/{id}/rejected', { id: first.id })
  for (const path of ['/api/readings', '/api/targets', '/api/meters/{id}/readings'])
    await request('get', path, { id: meterId, search: '?format=csv' })
  await request('get', '/api/targets', { search: '?format=prometheus' })
  await request('get', '/api/targets', { headers: { 'If-None-Match': '*' } })
  await request('post', '/api/alerts/test')
  await request('get', '/api/session')
  await request('post', '/api/session', valid['/api/session'])
  await request('delete', '/api/session')
  await request('post', '/api/runs/{id}/cancel', { id })
  return id
}

/** Withholds a deletion and keeps it, and cancels an active run. */
async function changeRuns({ world, gate, request, latest, ended }: Started): Promise<void> {
  await world.source.query('delete from meter where external_id = 3')
  await request('post', '/api/sync')
  const { withheldDigest } = await ended()
  await request('post', '/api/kept-deletions', { body: JSON.stringify({ digest: withheldDigest, note: 'Replaced' }) })
  await request('post', '/api/kept-deletions', valid['/api/kept-deletions'])
  await request('delete', '/api/kept-deletions')
  const open = await gate.close()
  await request('post', '/api/sync')
  await request('post', '/api/runs/{id}/cancel', { id: (await latest())?.id ?? '' })
  await open()
}

/** Opens, uses and ends a session of a client of the earlier MCP specification, with each error that it can cause. */
async function useMcpSession(agent: TestAgent, request: Request): Promise<void> {
  await request('post', '/mcp', valid['/mcp'])
  const notification = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })
  await request('post', '/mcp', { headers: mcpHeaders, body: notification })
  await request('post', '/mcp', { ...valid['/mcp'], headers: { 'Content-Type': 'application/json' } })
  const { headers } = await request('post', '/mcp', { headers: mcpHeaders, body: initialize })
  const session = { 'Mcp-Session-Id': headers.get('mcp-session-id') ?? '' }
  const stream = { ...session, Accept: 'text/event-stream' }
  await request('get', '/mcp', { headers: { ...session, Accept: 'application/json' } })
  await request('post', '/mcp', { headers: { ...mcpHeaders, 'Content-Type': 'text/plain' }, body: initialize })
  const listening = await fetch(`${agent.url}/mcp`, { headers: { ...administrator.headers, ...stream } })
  assert.equal((await request('get', '/mcp', { headers: stream })).status, 409)
  await listening.body?.cancel()
  await eventually(async () => (await request('get', '/mcp', { headers: stream })).status === 200)
  for (const method of ['delete', 'delete', 'get']) await request(method, '/mcp', { headers: session })
  await request('delete', '/mcp')
  const ended = await request('post', '/mcp', { headers: { ...mcpHeaders, ...session }, body: listTools })
  assert.equal(ended.status, 404)
}

/** Sends each route the requests that it describes as refused. */
async function sendRefusedRequests(started: Started, runId: string): Promise<void> {
  const { request, operations, meterId } = started
  for (const { method, path, operation } of operations) {
    const describes = (status: number | '4XX') => operation.responses[status] !== undefined
    const id = path.includes('meters') ? meterId : runId
    const route = `${method} ${path}`
    if (describes(400)) {
      const body = path === '/api/readings' ? '[{' : '{'
      const malformed = method === 'post' ? { body, headers: mcpHeaders } : { search: '?colour=red' }
      assert.equal((await request(method, path, { id, ...malformed })).status, 400, route)
    }
    if (describes('4XX')) await request(method, path, { headers: { large: 'x'.repeat(20_000) } })
    if (describes(403)) await request(method, path, { id, headers: { origin: 'https://elsewhere.example' } })
    if (describes(413)) {
      const body = 'x'.repeat(path === '/api/readings' ? 10 * 1_024 * 1_024 + 1 : 70_000)
      assert.equal((await request(method, path, { id, body })).status, 413, route)
    }
    if (describes(404) && path.startsWith('/api/'))
      assert.equal((await request(method, path, unknownId(method, path))).status, 404, route)
    if (describes(401) && operation.operationId !== 'logIn') {
      const authorization = path === '/api/session' ? 'Bearer wrong' : ''
      await request(method, path, { id, headers: { authorization } })
    }
    if (path !== '/mcp') await checkWrongMethod(started, path, id)
  }
}

/** Returns a request that names a run, a meter or a Client System that does not exist. */
function unknownId(method: string, path: string): RequestOptions {
  if (path.includes('{id}')) return { id: path.includes('meters') ? 4711 : unknownRun }
  if (method !== 'post') return { search: '?clientSystemId=other' }
  return { body: JSON.stringify({ ...(path === '/api/kept-deletions' && keptDeletions), clientSystemId: 'other' }) }
}

/** Checks that a method which a path does not describe is answered with the methods that it describes. */
async function checkWrongMethod(
  { agent, contract, operations }: Started,
  path: string,
  id: string | number,
): Promise<void> {
  const url = agent.url + path.replace('{id}', String(id))
  const response = await fetch(url, { method: 'PATCH', headers: administrator.headers })
  assert.equal(response.status, 405, path)
  contract.fits(
    '/components/responses/method_not_allowed/content/application~1problem+json/schema',
    await response.json(),
  )
  const methods = operations.filter((one) => one.path === path).map((one) => one.method.toUpperCase())
  assert.deepEqual(response.headers.get('allow')?.split(', ').toSorted(), methods.toSorted())
}

/** Breaks the Client System, and checks the events of a subscriber that watches a failed run. */
async function breakClientSystem({ world, agent, contract, request }: Started): Promise<void> {
  const login = await fetch(`${agent.url}/api/session`, { method: 'POST', ...valid['/api/session'] })
  const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? ''
  await using stream = await openStream(`${agent.url}/api/events`, { cookie })
  await world.source.query('drop table meter')
  assert.equal((await request('post', '/api/preview')).status, 502)
  await request('post', '/api/sync')
  await stream.until((event) => event.type === 'run' && event.data.status === 'failed')
  const types = new Set(stream.events.map(({ type }) => type))
  assert.ok(types.has('status') && types.has('run'))
  for (const { type, data } of stream.events) {
    contract.fits(`/paths/~1api~1events/get/responses/200/x-events/${type}/schema`, data)
  }
}

/** Sends requests to a process that is starting. */
async function askWhileStarting({ contract, operations }: Started): Promise<void> {
  await using starting = await listenHttp({ host: '127.0.0.1', port: 0 })
  const request = createRequest(starting, contract)
  for (const { method, path } of operations.filter(({ path }) => path !== '/healthz'))
    assert.equal((await request(method, path, { id: unknownRun })).status, 503, `${method} ${path}`)
}

/** Sends requests to an agent whose Sync database has stopped. */
async function stopSyncDatabase(t: TestContext, world: World, { contract, operations }: Started): Promise<void> {
  const server = await createServer(t)
  const agent = await world.agent({ ROLE: 'api', DATABASE_URL: server.url, AUTH_TOKEN: administrator.token })
  const request = createRequest(agent, contract)
  await server.stop('immediate')
  for (const { method, path, operation } of operations) {
    const unavailable = operation.responses[503]
    // The page needs no database; it is unavailable only while the agent starts or stops.
    if (!unavailable || ('$ref' in unavailable && unavailable.$ref.endsWith('/unavailable'))) continue
    const options = { id: path.includes('meters') ? 1 : unknownRun, ...(method === 'post' && valid[path]) }
    const { status } = await request(method, path, options)
    if (status === 503) continue
    // AUTH_TOKEN is checked without the database, a session is not.
    const headers = { ...options.headers, authorization: '', cookie: 'meter_sync_session=unknown' }
    assert.equal((await request(method, path, { ...options, headers })).status, 503, `${method} ${path}`)
  }
}

/** Sends wrong tokens until each route answers that there were too many. */
async function sendTooManyTokens({ request, operations, meterId }: Started, runId: string): Promise<void> {
  for (let count = 0; count < 10; count++) await request('post', '/api/session', loginWithWrongToken)
  for (const { method, path, operation } of operations) {
    if (!operation.responses[429]) continue
    const { status } = await request(method, path, {
      id: path.includes('meters') ? meterId : runId,
      ...(method === 'post' && valid[path]),
      ...(path === '/api/session' && method === 'post' && loginWithWrongToken),
      headers: { authorization: 'Bearer wrong' },
    })
    assert.equal(status, 429, `${method} ${path}`)
  }
}

test('R7.4: every described answer occurs, and every answer that occurs is described', {
  timeout: 110_000,
}, async (t) => {
  const started = await startAgent(t)
  const { world, agent, contract, request } = started
  const runId = await sendValidRequests(started)
  await changeRuns(started)
  await useMcpSession(agent, request)
  await sendRefusedRequests(started, runId)
  await breakClientSystem(started)
  await askWhileStarting(started)
  await stopSyncDatabase(t, world, started)
  await sendTooManyTokens(started, runId)
  const missing = describedAnswers(contract.description).filter(
    (answer) => !contract.checked.has(answer) && !untested.some(([pattern]) => pattern.test(answer)),
  )
  assert.deepEqual(missing, [])
})
