import assert from 'node:assert/strict'
import { test } from 'node:test'
import { McpServer } from '@modelcontextprotocol/server'
import type { Login } from '../../src/agent.ts'
import { createSessions } from '../../src/mcp/sessions.ts'
import { scopes } from '../../src/wire/lists.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld, eventually, type TestAgent } from '../support/world.ts'

const accept = { Accept: 'application/json, text/event-stream', 'Content-Type': 'application/json' }
const introduction = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1.0.0' } },
}
const statusUri = 'meter-sync://status'

function post(agent: TestAgent, message: object, session?: string): Promise<Response> {
  return fetch(`${agent.url}/mcp`, {
    method: 'POST',
    headers: { ...accept, ...(session && { 'Mcp-Session-Id': session }) },
    body: JSON.stringify(message),
  })
}

/** A client of the specification before, in its bare messages. */
async function openSession(agent: TestAgent): Promise<string> {
  const response = await post(agent, introduction)
  assert.equal(response.status, 200)
  assert.match(await response.text(), /"subscribe":true/)
  const session = response.headers.get('mcp-session-id')
  assert.ok(session)
  const taken = await post(agent, { jsonrpc: '2.0', method: 'notifications/initialized' }, session)
  assert.equal(taken.status, 202)
  return session
}

/** The stream of a session, and what it has sent so far. */
async function listen(agent: TestAgent, session: string) {
  const controller = new AbortController()
  const response = await fetch(`${agent.url}/mcp`, {
    headers: { Accept: 'text/event-stream', 'Mcp-Session-Id': session },
    signal: controller.signal,
  })
  const stream = { status: response.status, received: '', ended: false, close: () => controller.abort() }
  const reading = async () => {
    try {
      for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) stream.received += chunk
    } catch {}
    stream.ended = true
  }
  void reading()
  return stream
}

const callStatus = { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'get_sync_status' } }
const subscribe = { jsonrpc: '2.0', id: 3, method: 'resources/subscribe', params: { uri: statusUri } }

test('only the session that subscribed is notified, until it unsubscribes', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  const [one, other] = await Promise.all([openSession(agent), openSession(agent)])
  assert.notEqual(one, other)
  const [subscribed, unsubscribed] = await Promise.all([listen(agent, one), listen(agent, other)])
  assert.equal((await post(agent, subscribe, one)).status, 200)
  const unknownResource = { ...subscribe, params: { uri: 'meter-sync://nope' } }
  assert.match(await (await post(agent, unknownResource, one)).text(), /"error":.*meter-sync:\/\/nope not found/)
  await agent.sync()
  await eventually(async () => subscribed.received.includes('notifications/resources/updated'))
  assert.doesNotMatch(unsubscribed.received, /data: \{/)
  const deletion = await fetch(`${agent.url}/mcp`, { method: 'DELETE', headers: { 'Mcp-Session-Id': one } })
  assert.equal(deletion.status, 200)
  await eventually(async () => subscribed.ended)
  assert.equal((await listen(agent, one)).status, 404)
  assert.equal((await post(agent, callStatus, one)).status, 404)
  assert.equal((await listen(agent, other)).status, 409, 'one stream a session, and the first one continues')
  await agent.stop()
  await eventually(async () => unsubscribed.ended)
})

test('a stream that is opened again sends an update at once; a subscription after a restart gets a response', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  const session = await openSession(agent)
  const cut = await listen(agent, session)
  await post(agent, subscribe, session)
  cut.close()
  await eventually(async () => cut.ended)
  await agent.sync()
  const again = await eventually(async () => {
    const stream = await listen(agent, session)
    return stream.status === 200 && stream
  })
  await eventually(async () => again.received.includes('notifications/resources/updated'))
  again.close()
  await agent.stop()
  const restarted = await world.agent()
  assert.equal((await post(restarted, subscribe, session)).status, 404)
  assert.equal((await post(restarted, subscribe, await openSession(restarted))).status, 200)
  const slash = await fetch(`${restarted.url}/mcp/`, {
    method: 'POST',
    headers: accept,
    body: JSON.stringify(introduction),
  })
  assert.equal(slash.status, 200)
})

test('tools work for a session that this process does not know; its stream and its deletion do not', async (t) => {
  const world = await createWorld(t)
  const [one, other] = [await world.agent({ ROLE: 'api' }), await world.agent({ ROLE: 'api' })]
  const session = await openSession(one)
  const answer = await post(other, callStatus, session)
  assert.equal(answer.status, 200)
  assert.match(await answer.text(), /"clientSystems":/)
  assert.equal((await post(other, subscribe, session)).status, 404, 'the client introduces itself anew')
  assert.equal((await listen(other, session)).status, 404)
  const headers = { 'Mcp-Session-Id': session }
  assert.equal((await fetch(`${other.url}/mcp`, { method: 'DELETE', headers })).status, 404)
})

test('a client with an open stream keeps its session, however many others connect; a disconnected client does not', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api' })
  const [listening, left] = [await openSession(agent), await openSession(agent)]
  const stream = await listen(agent, listening)
  const gone = await listen(agent, left)
  assert.deepEqual([stream.status, gone.status], [200, 200])
  gone.close()
  await eventually(async () => {
    for (let count = 0; count < 100; count++) await openSession(agent)
    const again = await listen(agent, left)
    again.close()
    return again.status === 404
  }, 60_000)
  assert.equal(stream.ended, false)
  assert.equal((await listen(agent, listening)).status, 409, 'it still listens')
})

const anyone: Login = { id: 'anonymous', name: null, scopes, valid: () => true }

/** Sessions without a wire. */
function createBare(now?: () => number) {
  const sessions = createSessions(
    () => ({ server: new McpServer({ name: 'test', version: '1' }), catchUp: () => undefined }),
    now,
  )
  const send = (method: string, id: string, message?: object, login = anyone) => {
    const headers = { ...accept, 'Mcp-Session-Id': id }
    const request = new Request('http://localhost/mcp', {
      method,
      headers,
      ...(message && { body: JSON.stringify(message) }),
    })
    return sessions.fetch(request, message, login)
  }
  const begin = async (): Promise<string> => {
    const body = JSON.stringify(introduction)
    const request = new Request('http://localhost/mcp', { method: 'POST', headers: accept, body })
    return (await sessions.fetch(request, introduction, anyone))?.headers.get('mcp-session-id') ?? ''
  }
  return { sessions, send, begin }
}

test('there are at most a hundred sessions: the least recently used one ends first, and one without a stream before one with a stream', async () => {
  const { sessions, send, begin } = createBare()
  const [listening, used, unused] = [await begin(), await begin(), await begin()]
  assert.equal((await send('GET', listening))?.status, 200)
  for (let count = 0; count < 97; count++) await begin()
  assert.equal((await send('POST', used, { jsonrpc: '2.0', id: 2, method: 'ping' }))?.status, 200)
  assert.equal(sessions.count(), 100)
  await begin()
  assert.equal(sessions.count(), 100)
  assert.equal((await send('GET', unused))?.status, 404)
  for (let count = 0; count < 97; count++) await begin()
  assert.equal((await send('DELETE', used))?.status, 200)
  assert.equal((await send('DELETE', listening))?.status, 200)
  assert.equal((await send('DELETE', listening))?.status, 404)
  await sessions.stop()
  assert.equal(sessions.count(), 0)
})

test('a session unused for an hour ends when another begins', async () => {
  let now = 0
  const { sessions, begin } = createBare(() => now)
  await begin()
  now = 3_600_000
  await begin()
  assert.equal(sessions.count(), 2)
  now += 1
  await begin()
  assert.equal(sessions.count(), 2)
  await sessions.stop()
})

test('a session accepts only the login that opened it', async () => {
  const { sessions, send, begin } = createBare()
  const id = await begin()
  const ping = { jsonrpc: '2.0', id: 2, method: 'ping' }
  const reader: Login = { ...anyone, id: 'token 1', scopes: ['read'] }
  assert.equal(await send('POST', id, ping, reader), null)
  assert.equal((await send('DELETE', id, undefined, reader))?.status, 404)
  assert.equal((await send('POST', id, ping))?.status, 200)
  await sessions.stop()
})
