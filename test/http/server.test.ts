import assert from 'node:assert/strict'
import { request } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import type { Problem } from '../../src/wire/types.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld, eventually } from '../support/world.ts'

type Answer = { status: number; headers: Record<string, string | string[] | undefined>; body: string }

/** A request with any Host and method, which fetch does not allow. */
function send(
  url: string,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(url)
  const { body, ...rest } = options
  return new Promise((done, failed) => {
    const asked = request({ hostname, port, path, ...rest }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => done({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
    })
    asked.on('error', failed)
    asked.end(body)
  })
}

function assertProblem({ status, headers, body }: Answer, expected: number, code: string): Problem {
  assert.equal(status, expected, body)
  assert.equal(headers['content-type'], 'application/problem+json')
  const problem: Problem = JSON.parse(body)
  assert.equal(problem.type, 'about:blank')
  assert.equal(problem.status, expected)
  assert.equal(problem.code, code)
  assert.ok(problem.title.length > 0 && problem.detail.length > 0)
  return problem
}

test('F24: every error is a problem: unknown routes and methods, malformed, unknown and huge bodies, bad parameters', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const { url, settled } = await world.agent()
  const run = await settled()
  assertProblem(await send(url, '/api/nothing'), 404, 'not_found')
  assertProblem(await send(url, '/nothing.js'), 404, 'not_found')
  assertProblem(await send(url, '/api/runs/00000000-0000-4000-8000-000000000000'), 404, 'not_found')
  assertProblem(await send(url, '/api/runs/no-uuid/changes'), 404, 'not_found')
  assertProblem(await send(url, '/api/meters/99999999'), 404, 'not_found')
  assertProblem(await send(url, '/api/meters/x/history'), 404, 'not_found')
  const wrong = await send(url, '/api/sync', { method: 'DELETE' })
  assertProblem(wrong, 405, 'method_not_allowed')
  assert.equal(wrong.headers.allow, 'POST')
  assertProblem(await send(url, `/api/runs/${run.id}/changes`, { method: 'PUT' }), 405, 'method_not_allowed')
  const post = (body: string) => send(url, '/api/sync', { method: 'POST', body })
  assertProblem(await post('{'), 400, 'bad_request')
  assertProblem(await post('[]'), 400, 'bad_request')
  assertProblem(await post('{"full":"yes"}'), 400, 'bad_request')
  assert.match(assertProblem(await post('{"fulll":true}'), 400, 'bad_request').detail, /fulll/)
  assertProblem(await post(JSON.stringify({ clientSystemId: 'x'.repeat(70_000) })), 413, 'too_large')
  const unknown = assertProblem(await post('{"clientSystemId":"other"}'), 404, 'not_found')
  assert.match(unknown.hint ?? '', /main/)
  for (const query of ['limit=0', 'limit=201', 'limit=x', 'before=x', 'before=bnVsbA', 'status=done', 'colour=red']) {
    assertProblem(await send(url, `/api/runs?${query}`), 400, 'bad_request')
  }
  for (const query of ['state=gone', 'after=%25', 'limit=-1'])
    assertProblem(await send(url, `/api/meters?${query}`), 400, 'bad_request')
})

test('a body without Content-Length has the same size limit', async (t) => {
  const world = await createWorld(t)
  const { url } = await world.agent({ ROLE: 'api' })
  const { port } = new URL(url)
  const answer = await new Promise<string>((done) => {
    const socket = connect(Number(port), '127.0.0.1')
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk
      if (text.includes('too_large')) socket.destroy()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => done(text))
    socket.write('POST /api/sync HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n')
    for (let count = 0; count < 80; count++) socket.write(`400\r\n${'x'.repeat(1_024)}\r\n`)
    socket.write('0\r\n\r\n')
  })
  assert.match(answer, /^HTTP\/1.1 413/)
})

test('F25: a foreign Host or Origin and a cross-site POST are refused on every route; probes are not', async (t) => {
  const world = await createWorld(t)
  const { url } = await world.agent({ ROLE: 'api' })
  for (const path of ['/', '/api/status', '/api/events', '/api/sync', '/assets/x.js']) {
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:80']) {
      assertProblem(await send(url, path, { headers: { Host: host } }), 403, 'forbidden_host')
    }
    assertProblem(await send(url, path, { headers: { Origin: 'https://evil.example' } }), 403, 'forbidden_origin')
    assertProblem(await send(url, path, { headers: { Origin: 'null' } }), 403, 'forbidden_origin')
  }
  assertProblem(
    await send(url, '/api/sync', { method: 'POST', headers: { 'Sec-Fetch-Site': 'cross-site' } }),
    403,
    'forbidden_origin',
  )
  const navigation = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' }
  for (const site of ['cross-site', 'same-site']) {
    const crossSite = { 'Sec-Fetch-Site': site }
    for (const path of ['/', '/api/status', '/api/events', '/metrics', '/docs', '/mcp']) {
      assertProblem(await send(url, path, { headers: crossSite }), 403, 'forbidden_origin')
    }
    const framed = { ...crossSite, ...navigation, 'Sec-Fetch-Dest': 'iframe' }
    assertProblem(await send(url, '/', { headers: framed }), 403, 'forbidden_origin')
    assertProblem(await send(url, '/api/status', { headers: { ...crossSite, ...navigation } }), 403, 'forbidden_origin')
    assert.equal((await send(url, '/docs', { headers: { ...crossSite, ...navigation } })).status, 200)
  }
  assert.equal((await send(url, '/api/status', { headers: { 'Sec-Fetch-Site': 'same-origin' } })).status, 200)
  assert.equal((await send(url, '/healthz', { headers: { Host: 'probe' } })).status, 200)
  await eventually(async () => (await send(url, '/readyz', { headers: { Host: 'probe' } })).status === 200)
  const { host } = new URL(url)
  assert.equal((await send(url, '/api/status', { headers: { Host: host, Origin: `http://${host}` } })).status, 200)
})

test('F25: the host of a request target in absolute form is checked instead of the Host header', async (t) => {
  const world = await createWorld(t)
  const { url } = await world.agent({ ROLE: 'api' })
  const { host } = new URL(url)
  for (const target of ['http://evil.example/docs', 'http://user:secret@evil.example/docs']) {
    assertProblem(await send(url, target), 403, 'forbidden_host')
  }
  assertProblem(await send(url, '*', { method: 'OPTIONS' }), 403, 'forbidden_host')
  for (const target of [`http://${host}/docs`, `http://user:secret@${host}/docs`]) {
    const { status, body } = await send(url, target, { headers: { Host: 'evil.example' } })
    assert.equal(status, 200)
    assert.ok(body.includes(`${url.replace('localhost', new URL(url).hostname)}/api/sync`))
    assert.doesNotMatch(body, /evil|secret/)
  }
  const meters = await send(url, `http://${host}/api/meters?limit=x`)
  assert.match(assertProblem(meters, 400, 'bad_request').detail, /limit/)
})

test('F26: when a token is set, every /api route requires it and accepts no other', async (t) => {
  const world = await createWorld(t)
  const { url } = await world.agent({ ROLE: 'api', AUTH_TOKEN: 'correct horse battery'.replaceAll(' ', '-') })
  const authorization = 'Bearer correct-horse-battery'
  for (const path of [
    '/api/status',
    '/api/runs',
    '/api/meters',
    '/api/events',
    '/api/nothing',
    '/api/runs/x/changes',
  ]) {
    for (const headers of [
      {},
      { authorization: 'Bearer wrong-horse-battery' },
      { authorization: 'Bearer ' },
      { authorization: 'Basic x' },
    ]) {
      assertProblem(await send(url, path, { headers }), 401, 'unauthorized')
    }
  }
  assertProblem(await send(url, '/api/sync', { method: 'POST' }), 401, 'unauthorized')
  assert.equal((await send(url, '/api/status', { headers: { authorization } })).status, 200)
  assert.equal((await send(url, '/healthz')).status, 200)
})

test('R5.13: every response has security headers, and the page may load nothing from other origins', async (t) => {
  const world = await createWorld(t)
  const { url } = await world.agent({ ROLE: 'api' })
  for (const path of ['/', '/api/status', '/api/nothing', '/healthz']) {
    const { headers } = await send(url, path)
    assert.match(String(headers['content-security-policy']), /^default-src 'none'; script-src 'self'/, path)
    assert.doesNotMatch(String(headers['content-security-policy']), /unsafe/)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['x-frame-options'], 'DENY')
    assert.equal(headers['strict-transport-security'], undefined)
  }
  assert.equal((await send(url, '/api/status')).headers['cache-control'], 'no-store')
})

/** Sends bytes as they are, and returns what came back until the end or until it contains `enough`. */
function sendRaw(url: string, text: string, enough: RegExp): Promise<string> {
  return new Promise((done) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    let answer = ''
    socket.setEncoding('utf8').on('data', (chunk) => {
      answer += chunk
      if (enough.test(answer)) socket.destroy()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => done(answer))
    socket.write(text)
  })
}

test('a probe over HTTP/1.0 without Host is answered; any other request without Host is refused', async (t) => {
  const world = await createWorld(t)
  const { url } = await world.agent({ ROLE: 'api' })
  assert.match(await sendRaw(url, 'GET /healthz HTTP/1.0\r\n\r\n', /alive/), /^HTTP\/1.1 200/)
  assert.match(await sendRaw(url, 'GET /api/status HTTP/1.0\r\n\r\n', /forbidden_host/), /^HTTP\/1.1 403/)
})

test('F24: a body that does not arrive is refused with its own code', { timeout: 60_000 }, async (t) => {
  const world = await createWorld(t)
  const { url } = await world.agent({ ROLE: 'api' })
  const head = 'POST /api/sync HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{'
  const answer = await sendRaw(url, head, /request_timeout/)
  assert.match(answer, /^HTTP\/1.1 408/)
  assert.match(answer, /application\/problem\+json/)
})
