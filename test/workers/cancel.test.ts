import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Problem, Run } from '../../src/wire/types.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { createWorld, eventually } from '../support/world.ts'

test('R7.7, I4, I6, I12: cancelling stops the work in both databases within 2 s, from another process, and changes nothing', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const gate = await createGate(world.source)
  const environment = { CLIENT_SYSTEM_QUERY: gate.query }
  const [worker, api] = await Promise.all([world.process(environment), world.process({ ...environment, ROLE: 'api' })])
  await worker.settled()
  const before = await world.sync.query('select id, xmin::text from sync.meter order by id')
  await world.source.query(`update meter set name = 'Renamed'`)
  const open = await gate.close()
  const { body } = await api.api<{ run: Run }>('/api/sync', { method: 'POST' })
  await gate.untilReached()
  const asked = performance.now()
  const answer = await api.api<{ run: Run }>(`/api/runs/${body.run.id}/cancel`, { method: 'POST' })
  assert.equal(answer.status, 202)
  assert.equal(answer.body.run.status, 'cancelled')
  assert.equal(answer.body.run.error?.code, 'cancelled')
  await gate.untilLeft()
  await eventually(async () => {
    const sessions = await world.sync.query(
      `select 1 from pg_stat_activity where application_name = 'meter-sync-agent run' and datname = current_database()`,
    )
    return sessions.length === 0
  })
  assert.ok(performance.now() - asked < 2_000, `it took ${performance.now() - asked} ms`)
  assert.deepEqual(await world.sync.query('select id, xmin::text from sync.meter order by id'), before)
  const again = await api.api<Problem>(`/api/runs/${body.run.id}/cancel`, { method: 'POST' })
  assert.equal(again.status, 409)
  assert.equal(again.body.code, 'run_finished')
  assert.equal(again.body.run?.status, 'cancelled')
  await open()
  assert.equal((await api.sync()).counts?.updated, 3)
})

test('a queued run is cancelled too, and the next trigger works', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const api = await world.agent({ ROLE: 'api' })
  const { body } = await api.api<{ run: Run }>('/api/sync', { method: 'POST' })
  const answer = await api.api<{ run: Run }>(`/api/runs/${body.run.id}/cancel`, { method: 'POST' })
  assert.equal(answer.body.run.status, 'cancelled')
  const next = await api.api<{ run: Run }>('/api/sync', { method: 'POST' })
  assert.equal(next.status, 202)
  await world.process({ ROLE: 'worker' })
  const done = await eventually(async () => (await api.status()).clientSystems[0]?.lastSuccess)
  assert.equal(done.id, next.body.run.id)
})

test('a run that does not exist cannot be cancelled', async (t) => {
  const world = await createWorld(t)
  const api = await world.agent({ ROLE: 'api' })
  assert.equal((await api.api('/api/runs/00000000-0000-4000-8000-000000000000/cancel', { method: 'POST' })).status, 404)
})
