import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKeeper, createPatience, sessionSeconds } from '../../../src/http/auth/session.ts'
import type { Description } from '../../../src/http/openapi.ts'
import type { Problem, Run, Session } from '../../../src/wire/types.ts'
import { operationsOf } from '../../support/contract.ts'
import { openStream } from '../../support/stream.ts'
import { createWorld } from '../../support/world.ts'

const token = 'a-token-of-the-administrator'

/** What anyone may ask for: the probes, the page, and logging in and out. */
const open = ['get /healthz', 'get /readyz', 'get /', 'get /api/session', 'post /api/session', 'delete /api/session']

test('with a token set no route is open but the probes, the page and the login', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api', AUTH_TOKEN: token })
  const headers = { authorization: `Bearer ${token}` }
  const { paths } = (await agent.api<Description>('/openapi.json', { headers })).body
  const operations = operationsOf(paths)
  assert.ok(operations.length >= 24)
  for (const { method, path, operation } of operations) {
    const route = `${method} ${path}`
    const { status, headers } = await agent.api(path.replace('{id}', '1'), { method: method.toUpperCase() })
    if (open.includes(route)) {
      assert.ok(route === 'post /api/session' ? status === 400 : status < 300 || status === 503, `${route} ${status}`)
      assert.deepEqual(operation.security, [], route)
    } else {
      assert.equal(status, 401, route)
      assert.equal(headers.get('www-authenticate'), 'Bearer')
      assert.deepEqual(operation.security, [{ bearer: [] }, { session: [] }], route)
    }
  }
})

test('a login gives a session in a cookie that page and stream can use; who asked is in the run; a logout ends it', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api', AUTH_TOKEN: token })
  const login = await agent.api('/api/session', { method: 'POST', body: JSON.stringify({ token }) })
  assert.equal(login.status, 204)
  const cookie = login.headers.get('set-cookie') ?? ''
  assert.match(cookie, /HttpOnly/)
  assert.match(cookie, /SameSite=Strict/)
  assert.match(cookie, /Path=\//)
  assert.ok(!cookie.includes(token))
  const headers = { cookie: cookie.split(';')[0] ?? '' }
  assert.equal((await agent.api('/api/status', { headers })).status, 200)
  await using stream = await openStream(`${agent.url}/api/events`, headers)
  await stream.until(({ type }) => type === 'status')
  const { status, body } = await agent.api<{ run: Run }>('/api/sync', { method: 'POST', headers })
  assert.equal(status, 202)
  assert.equal(body.run.requestedBy, 'administrator')
  for (const site of ['cross-site', 'same-site']) {
    const foreign = await agent.api<Problem>('/api/sync', {
      method: 'POST',
      headers: { ...headers, 'sec-fetch-site': site },
    })
    assert.equal(foreign.body.code, 'forbidden_origin')
  }
  const logout = await agent.api('/api/session', { method: 'DELETE', headers })
  assert.match(logout.headers.get('set-cookie') ?? '', /meter_sync_session=;/)
  const forged = { cookie: `${headers.cookie}x` }
  assert.equal((await agent.api('/api/status', { headers: forged })).status, 401)
})

test('anybody may ask whether a login is needed and whether there is one, and it counts as no wrong token', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api', AUTH_TOKEN: token })
  const ask = async (headers: Record<string, string> = {}) => await agent.api<Session>('/api/session', { headers })
  for (let count = 0; count < 12; count++) {
    const { status, body, headers } = await ask({ cookie: 'meter_sync_session=1.forged' })
    assert.equal(status, 200)
    assert.deepEqual(body, { required: true, loggedIn: false })
    assert.equal(headers.get('cache-control'), 'no-store')
  }
  const login = await agent.api('/api/session', { method: 'POST', body: JSON.stringify({ token }) })
  assert.equal(login.status, 204)
  const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? ''
  assert.deepEqual((await ask({ cookie })).body, { required: true, loggedIn: true })
  const foreign = await agent.api<Problem>('/api/session', { headers: { origin: 'https://elsewhere.example' } })
  assert.equal(foreign.body.code, 'forbidden_origin')

  const open = await world.agent({ ROLE: 'api' })
  assert.deepEqual((await open.api<Session>('/api/session')).body, { required: false, loggedIn: false })
})

test('Fault 26: after ten wrong tokens an address waits with others and at the login; the right one and a session go on', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api', AUTH_TOKEN: token })
  const login = await agent.api('/api/session', { method: 'POST', body: JSON.stringify({ token }) })
  const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? ''
  for (let count = 0; count < 5; count++) {
    assert.equal((await agent.api('/api/status', { headers: { authorization: `Bearer wrong-${count}` } })).status, 401)
    assert.equal(
      (await agent.api('/api/session', { method: 'POST', body: JSON.stringify({ token: 'wrong' }) })).status,
      401,
    )
  }
  for (const headers of [{ authorization: 'Bearer wrong' }, {}]) {
    const { status, body, headers: answered } = await agent.api<Problem>('/api/status', { headers })
    assert.equal(status, 429)
    assert.equal(body.code, 'too_many_requests')
    assert.ok(Number(answered.get('retry-after')) > 0)
  }
  assert.equal((await agent.api('/api/status', { headers: { authorization: `Bearer ${token}` } })).status, 200)
  assert.equal((await agent.api('/api/session', { method: 'POST', body: JSON.stringify({ token }) })).status, 429)
  assert.equal((await agent.api('/api/status', { headers: { cookie } })).status, 200)
})

test('without a token there is nothing to log in to, and nobody has a name', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api' })
  const login = await agent.api<Problem>('/api/session', { method: 'POST', body: JSON.stringify({ token }) })
  assert.equal(login.status, 401)
  assert.match(login.body.detail, /has no token/)
  const { body } = await agent.api<{ run: Run }>('/api/sync', { method: 'POST' })
  assert.equal(body.run.requestedBy, null)
})

test('a session ends by itself, and no other token makes one', () => {
  let now = Date.UTC(2026, 0, 1)
  const keeper = createKeeper(token, () => now)
  const session = keeper.issue()
  assert.ok(keeper.isSession(session))
  assert.ok(!createKeeper('another-token-altogether', () => now).isSession(session))
  const [end = '', signature = ''] = session.split('.')
  assert.ok(!keeper.isSession(`${Number(end) + 1}.${signature}`))
  now += sessionSeconds * 1_000
  assert.ok(!keeper.isSession(session))
})

test('patience is by address, and comes back', () => {
  let now = 0
  const patience = createPatience(() => now)
  for (let count = 0; count < 10; count++) patience.fail('one')
  assert.equal(patience.wait('one'), 60)
  assert.equal(patience.wait('other'), 0)
  now += 59_001
  assert.equal(patience.wait('one'), 1)
  now += 1_000
  assert.equal(patience.wait('one'), 0)
})
