import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Preview, Problem, StoredReadings } from '../../src/wire/types.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { assertCounts, failed } from '../support/mirror.ts'
import { openProxy } from '../support/proxy.ts'
import { createWorld, eventually, type TestAgent } from '../support/world.ts'

const reading = { externalId: '1', quantity: 'energy', value: 1, readAt: '2026-01-01T00:00:00Z' }

/** Sends a request, and fails unless the answer comes within 5 s. */
async function promptly<Body>(agent: TestAgent, path: string, init?: RequestInit) {
  const sentAt = performance.now()
  const answer = await agent.api<Body>(path, init)
  assert.ok(performance.now() - sentAt < 5_000, `${path}: ${performance.now() - sentAt} ms`)
  return answer
}

/** The network to the Sync database drops what is sent, and still acknowledges it. */
suite('a silent Sync database', { concurrency: true }, () => {
  test('F32: connections that fell silent while idle are replaced, and requests succeed within 5 s', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    await using proxy = await openProxy(world.sync.url)
    const agent = await world.agent({ DATABASE_URL: proxy.url })
    await agent.settled()
    await Promise.all(['/api/meters', '/api/meters?limit=1', '/api/runs', '/api/status'].map((path) => agent.api(path)))
    await agent.api('/api/readings', { method: 'POST', body: JSON.stringify([reading]) })
    proxy.freeze()
    // A connection that was used a moment before is lent without a ping.
    const first = await Promise.all(['/api/meters', '/api/status'].map((path) => promptly(agent, path)))
    for (const { status } of first) assert.ok([200, 503].includes(status), `${status}`)
    const [meters, status, posted] = await Promise.all([
      promptly(agent, '/api/meters'),
      promptly(agent, '/api/status'),
      promptly<StoredReadings>(agent, '/api/readings', { method: 'POST', body: JSON.stringify([reading]) }),
    ])
    assert.deepEqual([meters.status, status.status, posted.body.duplicates], [200, 200, 1])
  })

  test('F32: a connection that falls silent during a statement ends the request as 503 within 5 s', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    await using proxy = await openProxy(world.sync.url)
    const agent = await world.agent({ DATABASE_URL: proxy.url })
    await agent.settled()
    const post = { method: 'POST', body: JSON.stringify([reading]) }
    const answers: Promise<void>[] = []
    for (const [message, path, init] of [
      [/page_external_id/, '/api/meters'],
      [/order by \S+"queued_at" desc/, '/api/runs'],
      [/copy pg_temp\.incoming/, '/api/readings', post],
      [/insert into sync\.meter_reading/, '/api/readings', post],
      [/^Q....commit/s, '/api/readings', post],
    ] as const) {
      const { frozen } = proxy
      proxy.freezeAfter = message
      const requested = promptly<Problem>(agent, path, init)
      answers.push(
        requested.then(({ status, body }) =>
          assert.deepEqual([status, body.code], [503, 'database_unavailable'], `${message}`),
        ),
      )
      await eventually(async () => proxy.frozen > frozen)
    }
    await Promise.all(answers)
    assert.equal((await promptly<StoredReadings>(agent, '/api/readings', post)).status, 200)
  })

  test('F32: when no connection answers, requests get 503 within 5 s', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    await using proxy = await openProxy(world.sync.url)
    const agent = await world.agent({ DATABASE_URL: proxy.url })
    await agent.settled()
    await Promise.all(['/api/meters', '/api/meters?limit=1', '/api/runs'].map((path) => agent.api(path)))
    proxy.silence()
    const answers = await Promise.all([
      promptly(agent, '/api/meters'),
      promptly(agent, '/api/status'),
      promptly(agent, '/api/sync', { method: 'POST' }),
      promptly(agent, '/api/readings', { method: 'POST', body: JSON.stringify([reading]) }),
    ])
    assert.deepEqual(
      answers.map(({ status }) => status),
      [503, 503, 503, 503],
    )
    proxy.fault = null
  })

  test('F32: a run whose session falls silent ends with the reason, and the next run succeeds within 4 s', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    await using proxy = await openProxy(world.sync.url)
    const agent = await world.agent({ DATABASE_URL: proxy.url })
    await agent.settled()
    for (const message of [/create temporary table/, /copy staging from stdin/, /status = 'succeeded', phase = null/]) {
      proxy.frozen = 0
      proxy.freezeAfter = message
      const sentAt = performance.now()
      const run = await agent.sync({ full: true })
      const took = performance.now() - sentAt
      assert.equal(proxy.frozen, 1)
      assert.equal(failed(run).code, 'database_error', `${message}`)
      assert.ok(took < 8_000, `${message}: ${took} ms`)
      const next = performance.now()
      assertCounts(await agent.sync(), {})
      assert.ok(performance.now() - next < 4_000, `${message}: the next run took ${performance.now() - next} ms`)
    }
  })

  test('F32: a run whose session is silent past RUN_TIMEOUT_SECONDS ends as timeout', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    await using proxy = await openProxy(world.sync.url)
    const agent = await world.agent({ DATABASE_URL: proxy.url, RUN_TIMEOUT_SECONDS: '2' })
    await agent.settled()
    proxy.freezeAfter = /create temporary table/
    const run = await agent.sync()
    assert.equal(failed(run).code, 'timeout')
  })

  test('F32: a session stays open while it waits for the source or for a lock', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const gate = await createGate(world.source)
    const agent = await world.agent({ CLIENT_SYSTEM_QUERY: gate.query })
    await agent.settled()
    await world.source.query(`update meter set name = 'Renamed' where external_id = 1`)
    const open = await gate.close()
    const release = await world.sync.hold('begin; select from sync.client_system for update')
    const running = agent.sync({ full: true })
    await gate.untilReached()
    const reached = performance.now()
    await eventually(async () => performance.now() - reached > 4_500)
    await open()
    const opened = performance.now()
    await eventually(async () => performance.now() - opened > 3_500)
    await release()
    assertCounts(await running, { updated: 1 })
  })

  test('F32: a preview whose session falls silent ends, and the next preview does not join it', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    await using proxy = await openProxy(world.sync.url)
    const agent = await world.agent({ DATABASE_URL: proxy.url })
    await agent.settled()
    proxy.freezeAfter = /meter-sync-agent session:/
    const { status, body } = await promptly<Problem>(agent, '/api/preview', { method: 'POST' })
    assert.deepEqual([proxy.frozen, status, body.code], [1, 502, 'database_error'])
    assert.equal((await promptly<Preview>(agent, '/api/preview', { method: 'POST' })).body.counts.unchanged, 3)
  })
})

test('F5: a preview past RUN_TIMEOUT_SECONDS ends as timeout', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const gate = await createGate(world.source)
  await gate.close()
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: gate.query, ROLE: 'api', RUN_TIMEOUT_SECONDS: '1' })
  const { status, body } = await agent.api<Problem>('/api/preview', { method: 'POST' })
  assert.deepEqual([status, body.code], [502, 'timeout'])
  assert.match(body.detail, /longer than 1 s/)
})

test('F39: a preview ends at the Client System when its last client leaves, and not before', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const gate = await createGate(world.source)
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: gate.query, ROLE: 'api' })
  const open = await gate.close()
  const preview = (path = '/api/preview') => {
    const client = new AbortController()
    const init = { method: 'POST', signal: client.signal }
    const answer = agent.api<Preview>(path, init)
    answer.catch(() => undefined)
    return { answer, leave: () => client.abort() }
  }
  const one = preview()
  await eventually(async () => (await gate.countWaiting()) === 1)
  one.leave()
  await eventually(async () => (await gate.countWaiting()) === 0, 3_000)

  const first = preview()
  await eventually(async () => (await gate.countWaiting()) === 1)
  const second = preview()
  const run = await agent.api('/api/status')
  assert.equal(run.status, 200)
  first.leave()
  await assert.rejects(first.answer)
  await open()
  const { status, body } = await second.answer
  assert.deepEqual([status, body.counts.inserted], [200, 3])
})
