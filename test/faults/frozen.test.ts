import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import pg from 'pg'
import type { Run } from '../../src/wire/types.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { openProxy } from '../support/proxy.ts'
import { openStream } from '../support/stream.ts'
import { createWorld, eventually } from '../support/world.ts'

/**
 * A process whose connection falls silent within a transaction that holds the revision counter: the other processes
 * go on within 5 s.
 */
suite('a silent connection', { concurrency: true }, () => {
  test('F31: within a trigger: another process triggers and finishes a run within 5 s', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    await using proxy = await openProxy(world.sync.url)
    const healthy = await world.agent()
    await healthy.settled()
    const silent = await world.agent({ DATABASE_URL: proxy.url, ROLE: 'api' })
    proxy.freezeAfter = /update sync\.revision_counter/
    const asked = performance.now()
    const answer = silent.api('/api/sync', { method: 'POST' })
    await eventually(async () => proxy.frozen === 1)
    const run = await healthy.sync()
    assert.equal(run.status, 'succeeded')
    assert.ok(performance.now() - asked < 5_000, `${performance.now() - asked} ms`)
    assert.equal((await answer).status, 503)
    assert.ok(performance.now() - asked < 8_000, `the silent process answered after ${performance.now() - asked} ms`)
  })

  test('F31: within a cancellation: the run is cancelled by another process within 5 s', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const gate = await createGate(world.source)
    const open = await gate.close()
    await using proxy = await openProxy(world.sync.url)
    const healthy = await world.agent({ CLIENT_SYSTEM_QUERY: gate.query })
    const silent = await world.agent({ DATABASE_URL: proxy.url, ROLE: 'api', CLIENT_SYSTEM_QUERY: gate.query })
    const run = await eventually(async () => (await healthy.status()).clientSystems[0]?.activeRun)
    await gate.untilReached()
    proxy.freezeAfter = /update sync\.revision_counter/
    const asked = performance.now()
    const answer = silent.api(`/api/runs/${run.id}/cancel`, { method: 'POST' })
    await eventually(async () => proxy.frozen === 1)
    assert.equal((await healthy.api(`/api/runs/${run.id}/cancel`, { method: 'POST' })).status, 202)
    assert.ok(performance.now() - asked < 5_000, `${performance.now() - asked} ms`)
    await open()
    await answer
  })

  test('F31: while a worker marks a phase or records its success: others trigger within 5 s, and the run ends', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    await using proxy = await openProxy(world.sync.url)
    const worker = await world.agent({ DATABASE_URL: proxy.url })
    await worker.settled()
    const other = await world.agent({ ROLE: 'api' })
    for (const message of [/status = 'running', started_at/, /set phase =/, /status = 'succeeded', phase = null/]) {
      await using stream = await openStream(`${other.url}/api/events`)
      proxy.frozen = 0
      proxy.freezeAfter = message
      const { body } = await other.api<{ run: Run }>('/api/sync', { method: 'POST' })
      await eventually(async () => proxy.frozen === 1)
      const begun = performance.now()
      // Needs the revision counter, as every trigger does.
      await world.sync.query(`set lock_timeout = '5s'`)
      await world.sync.query('update sync.revision_counter set value = value + 1')
      assert.ok(performance.now() - begun < 5_000, `${message}: ${performance.now() - begun} ms`)
      await stream.until(
        (event) => event.type === 'run' && event.data.id === body.run.id && event.data.finishedAt !== null,
        15_000,
      )
    }
  })
})

test('F36: a forged notification cancels no run and reaches no subscriber', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const gate = await createGate(world.source)
  const open = await gate.close()
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: gate.query })
  await gate.untilReached()
  await using stream = await openStream(`${agent.url}/api/events`)
  const run = (await agent.status()).clientSystems[0]?.activeRun
  assert.ok(run)
  const role = `forger_${world.sync.name}`
  await world.sync.query(`create role ${role} login password 'forger'`)
  world.after(() => world.sync.query(`drop role ${role}`))
  const url = new URL(world.sync.url)
  url.username = role
  url.password = 'forger'
  const forger = new pg.Client(url.href)
  await forger.connect()
  const about = { runId: run.id, clientSystemId: 'main' }
  const progress = { type: 'progress', ...about, phase: 'reading', step: null, rowsExpected: null, bytesRead: 1 }
  for (const notice of [
    { type: 'run', ...about, revision: run.revision + 1, ended: true },
    { ...progress, rowsRead: 1e300 },
    { ...progress, rowsRead: -1 },
    { ...progress, rowsRead: 'many' },
    { ...progress, runId: '00000000-0000-4000-8000-000000000000', rowsRead: 5 },
  ]) {
    await forger.query('select pg_notify($1, $2)', ['meter_sync', JSON.stringify(notice)])
  }
  await forger.end()
  await open()
  const seen = await stream.until((event) => {
    if (event.type === 'progress') assert.ok(event.data.runId === run.id && event.data.rowsRead <= 3)
    return event.type === 'run' && event.data.id === run.id && event.data.finishedAt !== null
  })
  assert.equal(seen.type === 'run' && seen.data.status, 'succeeded')
})
