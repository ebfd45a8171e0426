import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Run } from '../../src/wire/types.ts'
import { createGatedWorld, createMeters } from '../support/meters.ts'
import { findLastRun } from '../support/mirror.ts'
import { openStream } from '../support/stream.ts'
import { createWorld } from '../support/world.ts'

suite('a worker', { concurrency: 2 }, () => {
  test('F19: SIGTERM during a run ends it as interrupted, closes the streams, and exits with 0 within 10 s', async (t) => {
    const { world, gate, environment } = await createGatedWorld(t)
    await gate.close()
    const agent = await world.process(environment)
    await gate.untilReached()
    await using stream = await openStream(`${agent.url}/api/events`)
    await stream.until(({ type }) => type === 'status')
    const asked = performance.now()
    agent.kill('SIGTERM')
    assert.deepEqual(await agent.exited, { code: 0, signal: null })
    assert.ok(performance.now() - asked < 10_000)
    const run = await findLastRun(world)
    assert.equal(run?.status, 'interrupted')
    assert.equal(run?.error_code, 'shutting_down')
    await stream.ended()
  })

  test('a run past its time limit ends as timeout, in both databases', async (t) => {
    const { world, gate, environment } = await createGatedWorld(t)
    const open = await gate.close()
    const agent = await world.agent({ ...environment, RUN_TIMEOUT_SECONDS: '1' })
    const run = await agent.settled()
    assert.equal(run.error?.code, 'timeout')
    assert.equal(run.status, 'failed')
    await gate.untilLeft()
    await open()
    // Without the limit of a second, in which a run does not always end on a machine that runs other tests.
    await agent.stop()
    const next = await world.agent(environment)
    assert.equal((await next.settled()).status, 'succeeded')
  })

  test('a trigger works beside stale jobs that have no run', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const agent = await world.agent()
    await agent.settled()
    await world.sync.query(
      `insert into pgboss.job (name, singleton_key, state, policy, started_on, heartbeat_on, heartbeat_seconds)
     values ('meter-sync.main', 'main', 'active', 'exclusive', now(), now(), 10)`,
    )
    assert.equal((await agent.sync()).status, 'succeeded')
  })

  test('R8.9: ROLE splits API and worker: an API process alone queues, a worker takes it', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const api = await world.agent({ ROLE: 'api' })
    const { status, body } = await api.api<{ run: Run }>('/api/sync', { method: 'POST' })
    assert.equal(status, 202)
    assert.equal(body.run.status, 'queued')
    assert.deepEqual((await api.status()).clientSystems[0]?.activeRun, body.run)
    await using stream = await openStream(`${api.url}/api/events`)
    await stream.until(({ type }) => type === 'status')
    await world.process({ ROLE: 'worker' })
    const event = await stream.until((seen) => seen.type === 'run' && seen.data.status === 'succeeded')
    assert.equal(event.type === 'run' && event.data.id, body.run.id)
  })
})
