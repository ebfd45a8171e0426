import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { createMeters } from '../support/meters.ts'
import { createWorld, eventually } from '../support/world.ts'

const head = (path: string) => `POST ${path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n`

/** Sends pieces as `speak` hands them out, until the answer holds `enough` or the server closes. */
function talk(
  url: string,
  enough: RegExp,
  speak: (say: (bytes: Buffer | string) => void) => NodeJS.Timeout | undefined,
) {
  return new Promise<string>((done) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    let answer = ''
    const timer = speak((bytes) => void (socket.writable && socket.write(bytes)))
    socket.setEncoding('utf8').on('data', (text) => {
      answer += text
      if (enough.test(answer)) socket.destroy()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      if (timer) clearInterval(timer)
      done(answer)
    })
  })
}

/** Where the descriptors of another process can be counted. */
const hasDescriptors = existsSync('/proc/self/fd')

/** What never becomes a request: the head or the body does not come to its end, or is no HTTP. */
const halves = ['GET /api/status HTTP/1.1\r\nHost: loc', `${head('/api/sync')}\r\n1\r\n{`, 'no HTTP\r\n\r\n']

function sendHalf(url: string, text: string): Socket {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => undefined)
  socket.pause()
  socket.write(text)
  return socket
}

test('F24, I12: an incomplete body ends in a timeout, other requests are answered meanwhile, and no descriptor stays open', {
  timeout: 90_000,
}, async (t) => {
  const world = await createWorld(t)
  const agent = await world.process({ ROLE: 'api' })
  await eventually(async () => (await agent.api('/readyz')).status === 200)
  const descriptors = () => (hasDescriptors ? readdirSync(`/proc/${agent.pid}/fd`).length : 0)
  const before = descriptors()
  // Clients that send half a request, read nothing and close nothing.
  const idle = Array.from({ length: 100 }, (_, at) => sendHalf(agent.url, halves[at % halves.length] ?? ''))
  t.after(() => {
    for (const socket of idle) socket.destroy()
  })
  if (hasDescriptors) await eventually(async () => descriptors() >= before + 50)
  const trickling = talk(agent.url, /request_timeout/, (say) => {
    say(`${head('/api/readings')}\r\n`)
    return setInterval(() => say('1\r\n \r\n'), 500)
  })
  assert.equal((await agent.api('/api/status')).status, 200)
  const answer = await trickling
  assert.match(answer, /^HTTP\/1.1 408/)
  assert.match(answer, /application\/problem\+json/)
  assert.equal((await agent.api('/api/status')).status, 200)
  // A connection or two of its pools may have come.
  await eventually(async () => descriptors() < before + 10, 20_000)
})

test('F24: a chunked body is reassembled wherever it was split, also within a character', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  const reading = { externalId: '1', quantity: 'Wärmemenge ⚡', value: 1, readAt: '2026-01-01T00:00:00Z' }
  const body = Buffer.from(JSON.stringify([reading]))
  const answer = await talk(agent.url, /"rejected":\[.*\]/, (say) => {
    say(`${head('/api/readings')}\r\n`)
    for (const byte of body) {
      say('1\r\n')
      say(Buffer.of(byte))
      say('\r\n')
    }
    say('0\r\n\r\n')
    return undefined
  })
  assert.match(answer, /^HTTP\/1.1 200/)
  assert.deepEqual(await world.sync.query('select quantity from sync.meter_reading'), [{ quantity: reading.quantity }])
})

test('F24: a request that is not HTTP is refused without an effect on others', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api' })
  const broken = [
    `${head('/api/sync')}\r\nzz\r\n{}\r\n`,
    `${head('/api/sync')}Content-Length: 5\r\n\r\n0\r\n\r\n`,
    `GET /api/status HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
    '\u0016\u0003\u0001 a TLS greeting\r\n\r\n',
  ]
  for (const text of broken) {
    const answer = await talk(agent.url, /\r\n\r\n/, (say) => {
      say(text)
      return undefined
    })
    assert.match(answer, /^HTTP\/1.1 4\d\d/, text.slice(0, 100))
  }
  assert.equal((await agent.api('/api/status')).status, 200)
})

test('F24: a request that is not HTTP, and an invalid Host, are refused as problems', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api' })
  const get = (host: string, more = '') => `GET /api/status HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`
  for (const [request, status, code] of [
    ['FOO / HTTP/1.1\r\nHost: localhost\r\n\r\n', 400, 'bad_request'],
    [get('localhost', `X-Large: ${'x'.repeat(20_000)}\r\n`), 400, 'bad_request'],
    [get('x@localhost'), 403, 'forbidden_host'],
    [get('local host'), 403, 'forbidden_host'],
    [get(''), 403, 'forbidden_host'],
    [get('a:b:c'), 403, 'forbidden_host'],
    [get('[::1'), 403, 'forbidden_host'],
  ] as const) {
    const answer = await talk(agent.url, /"hint":.*\}$/, (say) => void say(request))
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), request.slice(0, 60))
    assert.match(answer, /content-type: application\/problem\+json/i)
    assert.match(answer, new RegExp(`"code":"${code}"`))
  }
})

test('F24: bytes that are not HTTP after a request end its response and are not written into it', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api' })
  const answer = await talk(agent.url, /HTTP\/1.1 400/, (say) => {
    say('GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
    return setInterval(() => say('garbage\r\n\r\n'), 300)
  })
  assert.match(answer, /^HTTP\/1.1 200/)
  assert.doesNotMatch(answer, /HTTP\/1.1 400/)
})
