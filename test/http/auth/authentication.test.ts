import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLoginThrottle } from '../../../src/http/auth/throttle.ts'
import type { Description } from '../../../src/http/openapi-types.ts'
import { scopes } from '../../../src/wire/lists.ts'
import type { Problem, Run, Session } from '../../../src/wire/types.ts'
import { operationsOf } from '../../support/contract.ts'
import { openStream } from '../../support/stream.ts'
import { createWorld } from '../../support/world.ts'

const token = 'a-token-of-the-administrator'

/** What anyone may ask for: the probes, the page, and logging in and out. */
const open = ['get /healthz', 'get /readyz', 'get /', 'get /api/session', 'post /api/session', 'delete /api/session']

test('when a token is set, only the probes, the page and the login are open', async (t) => {
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
      const [scope] = operation.security[0]?.bearer ?? []
      assert.ok(
        scopes.some((known) => known === scope),
        `${route} ${scope}`,
      )
      assert.deepEqual(operation.security, [{ bearer: [scope] }, { session: [scope] }], route)
    }
  }
})

test('a login gives a session in a cookie that page and stream can use; the run names the client; a logout ends it', async (t) => {
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
  await stream.ended()
  assert.equal((await agent.api('/api/status', { headers })).status, 401)
  const forged = { cookie: `${headers.cookie}x` }
  assert.equal((await agent.api('/api/status', { headers: forged })).status, 401)
})

const noSession: Session = { required: true, loggedIn: false, name: null, scopes: [] }

test('any client may request whether a login is required and exists, which never counts as a wrong token', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api', AUTH_TOKEN: token })
  const send = async (headers: Record<string, string> = {}) => await agent.api<Session>('/api/session', { headers })
  for (let count = 0; count < 12; count++) {
    const { status, body, headers } = await send({ cookie: 'meter_sync_session=1.forged' })
    assert.equal(status, 200)
    assert.deepEqual(body, noSession)
    assert.equal(headers.get('cache-control'), 'no-store')
  }
  const login = await agent.api('/api/session', { method: 'POST', body: JSON.stringify({ token }) })
  assert.equal(login.status, 204)
  const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? ''
  assert.deepEqual((await send({ cookie })).body, {
    required: true,
    loggedIn: true,
    name: 'administrator',
    scopes: [...scopes],
  })
  const foreign = await agent.api<Problem>('/api/session', { headers: { origin: 'https://elsewhere.example' } })
  assert.equal(foreign.body.code, 'forbidden_origin')

  const open = await world.agent({ ROLE: 'api' })
  assert.deepEqual((await open.api<Session>('/api/session')).body, {
    required: false,
    loggedIn: false,
    name: null,
    scopes: [...scopes],
  })
})

test('F26: after ten wrong tokens an address must wait before it tries another; its valid token, its login and its session still work', async (t) => {
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
  const again = async (token: string) =>
    (await agent.api('/api/session', { method: 'POST', body: JSON.stringify({ token }) })).status
  assert.equal(await again('wrong'), 429)
  assert.equal(await again(token), 204)
  assert.equal((await agent.api('/api/status', { headers: { cookie } })).status, 200)
})

test('without a token no login is required, and no client has a name', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api' })
  const login = await agent.api<Problem>('/api/session', { method: 'POST', body: JSON.stringify({ token }) })
  assert.equal(login.status, 401)
  assert.match(login.body.detail, /has no token/)
  const { body } = await agent.api<{ run: Run }>('/api/sync', { method: 'POST' })
  assert.equal(body.run.requestedBy, null)
})

test('a session and its streams end when it expires or AUTH_TOKEN changes; over TLS its cookie is bound to the host', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api', AUTH_TOKEN: token })
  const other = await world.agent({ ROLE: 'api', AUTH_TOKEN: `another-${token}` })
  const tls = { 'x-forwarded-proto': 'https' }
  const logIn = async (headers: Record<string, string> = {}) => {
    const login = await agent.api('/api/session', { method: 'POST', headers, body: JSON.stringify({ token }) })
    return login.headers.get('set-cookie') ?? ''
  }
  const given = await logIn(tls)
  assert.match(
    given,
    /^__Host-meter_sync_session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
  )
  const cookie = given.split(';')[0] ?? ''
  assert.equal((await agent.api('/api/status', { headers: { ...tls, cookie } })).status, 200)
  const plain = (await logIn()).split(';')[0] ?? ''
  assert.equal((await agent.api('/api/status', { headers: { ...tls, cookie: plain } })).status, 401)
  assert.equal((await agent.api('/api/status', { headers: { cookie: plain } })).status, 200)
  assert.equal((await other.api('/api/status', { headers: { cookie: plain } })).status, 401)

  await using stream = await openStream(`${agent.url}/api/events`, { cookie: plain })
  await stream.until(({ type }) => type === 'status')
  await world.sync.query('update sync.login_session set expires_at = now()')
  await stream.ended(5_000)
  assert.equal((await agent.api('/api/status', { headers: { cookie: plain } })).status, 401)
})

test('the wait after wrong tokens applies to one address, and ends', () => {
  let now = 0
  const throttle = createLoginThrottle(() => now)
  for (let count = 0; count < 10; count++) throttle.fail('one')
  assert.equal(throttle.wait('one'), 60)
  assert.equal(throttle.wait('other'), 0)
  now += 59_001
  assert.equal(throttle.wait('one'), 1)
  now += 1_000
  assert.equal(throttle.wait('one'), 0)
  for (let count = 0; count < 10; count++) throttle.fail('one')
  assert.equal(throttle.wait('one'), 60)
})

test('wrong tokens are counted for the 10,000 addresses that sent the latest ones', () => {
  const throttle = createLoginThrottle(() => 0)
  for (let count = 0; count < 10; count++) throttle.fail('one')
  for (let address = 1; address < 10_000; address++) throttle.fail(`${address}`)
  assert.equal(throttle.wait('one'), 60)
  throttle.fail('another')
  assert.equal(throttle.wait('one'), 0)
})
