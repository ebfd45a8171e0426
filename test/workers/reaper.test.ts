import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Run } from '../../src/wire/types.ts'
import { createGatedWorld } from '../support/meters.ts'
import { findLastRun } from '../support/mirror.ts'
import { openStream } from '../support/stream.ts'
import { eventually, findLogged } from '../support/world.ts'

suite('the reaper', { concurrency: 2 }, () => {
  test('F16, I11: a run whose worker is killed is interrupted within 6 s, and the next trigger works', async (t) => {
    const { world, gate, environment } = await createGatedWorld(t)
    const open = await gate.close()
    const api = await world.process({ ...environment, ROLE: 'api' })
    const worker = await world.process({ ...environment, ROLE: 'worker' })
    const other = await world.process({ ...environment, ROLE: 'worker' })
    await gate.untilReached()
    const run = (await api.status()).clientSystems[0]?.activeRun
    await using stream = await openStream(`${api.url}/api/events`)
    const [busy] = await world.sync.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name = 'meter-sync-agent run' and datname = current_database()`,
    )
    assert.ok(busy)
    worker.kill('SIGKILL')
    other.kill('SIGKILL')
    const third = await world.process({ ...environment, ROLE: 'worker' })
    const started = performance.now()
    const ended = await stream.until(
      (event) => event.type === 'run' && event.data.id === run?.id && event.data.finishedAt !== null,
      8_000,
    )
    const noticedMs = performance.now() - started
    assert.ok(noticedMs < 6_000, `ended ${noticedMs} ms after the start of a worker`)
    assert.equal(ended.type === 'run' && ended.data.status, 'interrupted')
    assert.equal(ended.type === 'run' && ended.data.error?.code, 'worker_lost')
    assert.deepEqual(await world.sync.query('select count(*)::int as meters from sync.meter'), [{ meters: 0 }])
    await open()
    const { status, body } = await api.api<{ run: Run }>('/api/sync', { method: 'POST' })
    assert.ok(status === 202 || status === 409)
    await stream.until(
      (event) => event.type === 'run' && event.data.id === body.run.id && event.data.status === 'succeeded',
    )
    await third.stop()
  })

  test('F16: a killed worker is detected by another worker, and its locks are free within a second', async (t) => {
    const { world, gate, environment } = await createGatedWorld(t)
    const first = await world.process(environment)
    await first.settled()
    const open = await gate.close()
    await first.api('/api/sync', { method: 'POST' })
    await gate.untilReached()
    const second = await world.process({ ...environment, ROLE: 'worker' })
    await using stream = await openStream(`${second.url}/api/events`)
    const killed = performance.now()
    first.kill('SIGKILL')
    await eventually(async () => {
      const [lock] = await world.sync.query<{ free: boolean }>(
        `select pg_try_advisory_xact_lock(hashtextextended('meter-sync-agent:main', 0)) as free`,
      )
      return lock?.free
    })
    assert.ok(performance.now() - killed < 1_000, `the lock was free after ${performance.now() - killed} ms`)
    const ended = await stream.until((event) => event.type === 'run' && event.data.status === 'interrupted')
    assert.ok(performance.now() - killed < 6_000, `noticed after ${performance.now() - killed} ms`)
    assert.equal(ended.type === 'run' && ended.data.error?.code, 'worker_lost')
    await open()
    const again = await eventually(async () => {
      const { lastRun } = (await second.status()).clientSystems[0] ?? {}
      return lastRun?.status === 'succeeded' && lastRun
    })
    assert.equal(again.trigger, 'startup', 'the run at the start of the second, which the dead one stood in the way of')
  })

  test('F16: a job whose worker was killed before it began is ended, and the next trigger works', {
    timeout: 40_000,
  }, async (t) => {
    const { world, environment } = await createGatedWorld(t)
    const agent = await world.agent(environment)
    await agent.settled()
    await world.sync.query(
      `insert into sync.run (id, client_system_id, trigger, status, revision) values ('00000000-0000-4000-8000-000000000001', 'main', 'manual', 'queued', 0)`,
    )
    await world.sync.query(
      `insert into pgboss.job (id, name, singleton_key, state, policy, started_on, heartbeat_on, heartbeat_seconds)
     values ('00000000-0000-4000-8000-000000000001', 'meter-sync.main', 'main', 'active', 'exclusive', now(), now(), 10)`,
    )
    await eventually(async () => (await findLastRun(world))?.error_code === 'worker_lost', 15_000)
    const { code, err, hint } = await findLogged(agent, 'meter sync failed')
    assert.equal(code, 'worker_lost')
    assert.match(JSON.stringify(err), /The worker of this run has stopped/)
    assert.match(String(hint), /Nothing was changed/)
    assert.equal((await agent.sync()).status, 'succeeded')
  })

  test('F17, I4, I6, I7: the session of a frozen worker is ended with its lease; resumed, the worker changes nothing and reports lease_lost', {
    timeout: 60_000,
  }, async (t) => {
    const { world, gate, environment } = await createGatedWorld(t)
    const frozen = await world.process(environment)
    await frozen.settled()
    await world.source.query(`insert into meter (external_id, name) values (100, 'While frozen')`)
    const open = await gate.close()
    await frozen.api('/api/sync', { method: 'POST' })
    await gate.untilReached()
    const run = (await frozen.status()).clientSystems[0]?.activeRun
    const other = await world.process({ ...environment, ROLE: 'api' })
    frozen.kill('SIGSTOP')
    const worker = await world.agent({ ...environment, ROLE: 'worker' })
    await using stream = await openStream(`${other.url}/api/events`)
    const lost = await stream.until(
      (event) => event.type === 'run' && event.data.id === run?.id && event.data.finishedAt !== null,
      20_000,
    )
    assert.equal(lost.type === 'run' && lost.data.status, 'interrupted')
    assert.equal(lost.type === 'run' && lost.data.error?.code, 'lease_lost')
    await open()
    // The run at the start of the worker had joined the run that was ended, and is queued again.
    await stream.until(
      (event) => event.type === 'run' && event.data.trigger === 'startup' && event.data.status === 'succeeded',
    )
    assert.equal((await worker.sync()).status, 'succeeded')
    const before = await world.sync.query('select id, xmin::text, last_run_id from sync.meter order by id')
    frozen.kill('SIGCONT')
    await eventually(
      async () =>
        frozen.log.some(({ msg }) => msg.startsWith('meter sync ended elsewhere') || msg === 'meter sync failed'),
      15_000,
    )
    const { body } = await other.api<Run>(`/api/runs/${run?.id}`)
    assert.equal(body.error?.code, 'lease_lost')
    assert.deepEqual(await world.sync.query('select id, xmin::text, last_run_id from sync.meter order by id'), before)
  })
})
