import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { pino } from 'pino'
import { parseConfig } from '../../src/config/environment.ts'
import { createApp } from '../../src/http/app.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import type { Description } from '../../src/http/openapi-types.ts'
import { createStreams } from '../../src/http/stream.ts'
import { openAgent } from '../../src/service.ts'
import type { Meter, Run } from '../../src/wire/types.ts'
import { type Contract, createContract, describedAnswers, operationsOf } from '../support/contract.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { openStream } from '../support/stream.ts'
import { createServer, createWorld, eventually, type TestAgent } from '../support/world.ts'

const token = 'a-token-of-the-administrator'
const authorization = `Bearer ${token}`
const unknownRun = '00000000-0000-4000-8000-000000000000'

async function describe(agent: TestAgent): Promise<Description> {
  const { status, body } = await agent.api<Description>('/openapi.json', { headers: { authorization } })
  assert.equal(status, 200)
  return body
}

type Asked = { id?: string | number; search?: string; body?: string; headers?: Record<string, string> }

/** Asks as the administrator, and holds the answer against the description, whatever it is. */
function asker(agent: TestAgent, contract: Contract) {
  return async (method: string, path: string, { id = '', search = '', body, headers = {} }: Asked = {}) => {
    const away = new AbortController()
    const response = await fetch(`${agent.url}${path.replace('{id}', String(id))}${search}`, {
      method: method.toUpperCase(),
      headers: { authorization, ...headers },
      signal: away.signal,
      ...(body !== undefined && { body }),
    })
    const type = response.headers.get('content-type')?.split(';')[0] ?? ''
    const endless = method === 'get' && type === 'text/event-stream'
    const text = endless ? '' : await response.text()
    if (endless) away.abort()
    const answer = { status: response.status, type, headers: response.headers, body: parse(type, text) }
    contract.hold(method, path, answer)
    return answer
  }
}

function parse(type: string, text: string): unknown {
  return type.endsWith('json') ? JSON.parse(text) : text
}

const reading = (externalId: string) =>
  JSON.stringify([{ externalId, quantity: 'energy', value: 1.5, unit: 'kWh', readAt: '2026-01-31T12:00:00Z' }])
const mcpHeaders = { Accept: 'application/json, text/event-stream', 'Content-Type': 'application/json' }
const introduction = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1.0.0' } },
})
const listTools = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })

/** A body that each route takes; for the rest an empty one is enough. */
const keeping = { digest: '0123456789abcdef', note: 'Replaced' }

const fitting: Record<string, Asked> = {
  '/api/kept-deletions': { body: JSON.stringify(keeping) },
  '/api/session': { body: JSON.stringify({ token }) },
  '/api/readings': { body: reading('1') },
  '/mcp': { headers: mcpHeaders, body: listTools },
}

test('the description is OpenAPI 3.1, and every example in it fits its own schema', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api', AUTH_TOKEN: token })
  const description = await describe(agent)
  assert.match(description.openapi, /^3\.1\./)
  const { valid, errors } = await new Validator().validate(JSON.parse(JSON.stringify(description)))
  assert.ok(valid, JSON.stringify(errors))
  const { fits } = createContract(description)
  let examples = 0
  const walk = (value: unknown, pointer: string) => {
    if (typeof value !== 'object' || value === null) return
    if ('schema' in value && 'example' in value) {
      fits(`${pointer}/schema`, value.example)
      examples++
    }
    for (const [key, inner] of Object.entries(value)) {
      if (key !== 'example') walk(inner, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    }
  }
  walk(description, '')
  assert.ok(examples > 30, `${examples} examples`)
})

test('every route of the agent is described, and every description is a route', async (t) => {
  const world = await createWorld(t)
  const config = parseConfig(world.environment({ ROLE: 'api', AUTH_TOKEN: token }))
  const log = pino({ level: 'silent' })
  const { agent, stop } = await openAgent({ config, log })
  t.after(stop)
  const streams = createStreams(agent, log)
  const metrics = createMetrics(agent, ['main'], streams.count)
  t.after(streams.stop)
  t.after(metrics.stop)
  const mcp = { fetch: async () => new Response(), stop: async () => undefined }
  const app = createApp({ agent, config, log, mcp, streams, metrics, stopping: new AbortController().signal })
  // What is for all methods is a check in front of routes, or refuses what no route serves. A path may end in a slash.
  const routes = new Set(
    app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replace(':id', '{id}').replace(/(?<=.)\/$/, '')}`),
  )
  const response = await app.request('/healthz')
  assert.equal(response.status, 200)
  const live = await world.agent({ ROLE: 'api', AUTH_TOKEN: token })
  const described = operationsOf((await describe(live)).paths).map(({ method, path }) => `${method} ${path}`)
  assert.deepEqual(described.toSorted(), [...routes].toSorted())
})

/** A session of a client of the specification before, with all that can be wrong with it. */
async function askSession(agent: TestAgent, ask: ReturnType<typeof asker>): Promise<void> {
  const { headers } = await ask('post', '/mcp', { headers: mcpHeaders, body: introduction })
  const session = { 'Mcp-Session-Id': headers.get('mcp-session-id') ?? '' }
  const stream = { ...session, Accept: 'text/event-stream' }
  await ask('get', '/mcp', { headers: { ...session, Accept: 'application/json' } })
  await ask('post', '/mcp', { headers: { ...mcpHeaders, 'Content-Type': 'text/plain' }, body: introduction })
  const listening = await fetch(`${agent.url}/mcp`, { headers: { authorization, ...stream } })
  assert.equal((await ask('get', '/mcp', { headers: stream })).status, 409)
  await listening.body?.cancel()
  await eventually(async () => (await ask('get', '/mcp', { headers: stream })).status === 200)
  for (const method of ['delete', 'delete', 'get']) await ask(method, '/mcp', { headers: session })
  await ask('delete', '/mcp')
  const ended = await ask('post', '/mcp', { headers: { ...mcpHeaders, ...session }, body: listTools })
  assert.equal(ended.status, 404)
}

/** What no request can bring about here, and who shows it instead. */
const elsewhere: [RegExp, string][] = [
  [/ 500$/, 'a fault of the program'],
  [/ 408$/, 'http.test.ts waits for a body that does not arrive'],
  [/^get \/ 404$/, 'the page is built before the tests'],
]

test('every described answer occurs, and every answer that occurs is described', {
  timeout: 110_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  await world.source.query(`insert into meter (external_id, name) values (900, ' ')`)
  const gate = await createGate(world.source)
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: gate.query, AUTH_TOKEN: token, DELETE_GUARD_MINIMUM: '0' })
  const contract = createContract(await describe(agent))
  const operations = operationsOf(contract.description.paths)
  const ask = asker(agent, contract)
  const login = await fetch(`${agent.url}/api/session`, { method: 'POST', body: JSON.stringify({ token }) })
  const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? ''
  const ended = async (id: string) =>
    await eventually(async () => {
      const { body } = await agent.api<Run>(`/api/runs/${id}`, { headers: { authorization } })
      return body.finishedAt === null ? null : body
    })
  const latest = async (): Promise<Run> => {
    const { body } = await agent.api<{ runs: Run[] }>('/api/runs?limit=1', { headers: { authorization } })
    assert.ok(body.runs[0])
    return body.runs[0]
  }
  await eventually(async () => (await agent.api('/readyz')).status === 200)
  const first = await ended((await eventually(async () => latest().catch(() => null))).id)

  // What is meant: with a run to look at, its rejected row, a meter with a reading and a history.
  await ask('post', '/api/readings', { body: reading('1') })
  await world.source.query(`update meter set name = 'Renamed' where external_id = 1`)
  const { body: previewed } = await ask('post', '/api/preview')
  assert.ok(JSON.stringify(previewed).includes('Renamed'))
  const found = await agent.api<{ meters: Meter[] }>('/api/meters?q=S1', { headers: { authorization } })
  const meterId = found.body.meters[0]?.id ?? 0
  const open = await gate.close()
  const { body: started } = await ask('post', '/api/sync', { body: '{"full":true}' })
  await gate.untilReached()
  await ask('post', '/api/sync')
  await ask('post', '/api/preview')
  await open()
  const { id } = await ended((await latest()).id)
  assert.ok(JSON.stringify(started).includes(id))
  for (const { method, path } of operations.filter(({ method }) => method === 'get')) {
    await ask(method, path, { id: path.includes('meters') ? meterId : id })
  }
  await ask('get', '/api/runs/{id}/rejected', { id: first.id })
  await world.source.query('delete from meter where external_id = 3')
  await ask('post', '/api/sync')
  const { withheldDigest } = await ended((await latest()).id)
  await ask('post', '/api/kept-deletions', { body: JSON.stringify({ digest: withheldDigest, note: 'Replaced' }) })
  await ask('post', '/api/kept-deletions', fitting['/api/kept-deletions'])
  await ask('delete', '/api/kept-deletions')
  await ask('post', '/api/alerts/test')
  await ask('get', '/api/targets', { headers: { 'If-None-Match': '*' } })
  for (const path of ['/api/readings', '/api/targets', '/api/meters/{id}/readings'])
    await ask('get', path, { id: meterId, search: '?format=csv' })
  await ask('get', '/api/targets', { search: '?format=prometheus' })
  await ask('get', '/api/session')
  await ask('post', '/api/session', fitting['/api/session'])
  await ask('delete', '/api/session')
  await ask('post', '/mcp', fitting['/mcp'])
  await ask('post', '/mcp', {
    headers: mcpHeaders,
    body: JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
  })
  await ask('post', '/mcp', { ...fitting['/mcp'], headers: { 'Content-Type': 'application/json' } })
  await askSession(agent, ask)
  await ask('post', '/api/runs/{id}/cancel', { id })
  const shut = await gate.close()
  await ask('post', '/api/sync')
  await ask('post', '/api/runs/{id}/cancel', { id: (await latest()).id })
  await shut()

  // Requests that every route describes as refused.
  for (const { method, path, operation } of operations) {
    const is = (status: number) => operation.responses[status] !== undefined
    const large = 'x'.repeat(path === '/api/readings' ? 10 * 1_024 * 1_024 + 1 : 70_000)
    const some = path.includes('meters') ? meterId : id
    const bad = path === '/api/readings' ? '[{' : '{'
    if (is(400)) {
      const wrong = method === 'post' ? { body: bad, headers: mcpHeaders } : { search: '?colour=red' }
      assert.equal((await ask(method, path, { id: some, ...wrong })).status, 400, `${method} ${path}`)
    }
    if (operation.responses['4XX']) await ask(method, path, { headers: { large: 'x'.repeat(20_000) } })
    if (is(403)) await ask(method, path, { id: some, headers: { origin: 'https://elsewhere.example' } })
    if (is(413)) assert.equal((await ask(method, path, { id: some, body: large })).status, 413, `${method} ${path}`)
    if (is(404) && path.startsWith('/api/')) {
      const body = JSON.stringify({ ...(path === '/api/kept-deletions' && keeping), clientSystemId: 'other' })
      const nowhere = method === 'post' ? { body } : { search: '?clientSystemId=other' }
      const wrong = path.includes('{id}') ? { id: path.includes('meters') ? 4711 : unknownRun } : nowhere
      assert.equal((await ask(method, path, wrong)).status, 404, `${method} ${path}`)
    }
    if (is(401) && operation.operationId !== 'logIn') {
      const authorization = path === '/api/session' ? 'Bearer wrong' : ''
      await ask(method, path, { id: some, headers: { authorization } })
    }
    const wrongMethod = await fetch(agent.url + path.replace('{id}', String(some)), {
      method: 'PATCH',
      headers: { authorization },
    })
    if (path !== '/mcp') {
      assert.equal(wrongMethod.status, 405, path)
      contract.fits('/components/responses/method_not_allowed/content/application~1problem+json/schema', {
        ...JSON.parse(await wrongMethod.text()),
      })
      const methods = operations.filter((one) => one.path === path).map((one) => one.method.toUpperCase())
      assert.deepEqual(wrongMethod.headers.get('allow')?.split(', ').toSorted(), methods.toSorted())
    } else await wrongMethod.body?.cancel()
  }

  // The source without its table; and the watcher's events.
  await using stream = await openStream(`${agent.url}/api/events`, { cookie })
  await world.source.query('drop table meter')
  assert.equal((await ask('post', '/api/preview')).status, 502)
  await ask('post', '/api/sync')
  await stream.until((event) => event.type === 'run' && event.data.status === 'failed')
  const kinds = new Set(stream.events.map(({ type }) => type))
  assert.ok(kinds.has('status') && kinds.has('run'))
  for (const { type, data } of stream.events) {
    contract.fits(`/paths/~1api~1events/get/responses/200/x-events/${type}/schema`, data)
  }

  // The Sync database away.
  const server = await createServer(t)
  const lonely = await world.agent({ ROLE: 'api', DATABASE_URL: server.url, AUTH_TOKEN: token })
  const askLonely = asker(lonely, contract)
  await server.stop('immediate')
  for (const { method, path, operation } of operations) {
    if (!operation.responses[503]) continue
    const asked = { id: path.includes('meters') ? 1 : unknownRun, ...(method === 'post' && fitting[path]) }
    const { status } = await askLonely(method, path, asked)
    if (status === 503) continue
    // AUTH_TOKEN is checked without the database, a session is not.
    const headers = { ...asked.headers, authorization: '', cookie: 'meter_sync_session=unknown' }
    assert.equal((await askLonely(method, path, { ...asked, headers })).status, 503, `${method} ${path}`)
  }

  // Too many wrong tokens.
  for (let count = 0; count < 10; count++)
    await ask('post', '/api/session', { body: JSON.stringify({ token: 'wrong' }) })
  for (const { method, path, operation } of operations) {
    if (!operation.responses[429]) continue
    const { status } = await ask(method, path, {
      id: path.includes('meters') ? meterId : id,
      ...(method === 'post' && fitting[path]),
      ...(path === '/api/session' && method === 'post' && { body: JSON.stringify({ token: 'wrong' }) }),
      headers: { authorization: 'Bearer wrong' },
    })
    assert.equal(status, 429, `${method} ${path}`)
  }

  const missing = describedAnswers(contract.description).filter(
    (answer) => !contract.held.has(answer) && !elsewhere.some(([pattern]) => pattern.test(answer)),
  )
  assert.deepEqual(missing, [])
})
