import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { PgBoss } from 'pg-boss'
import { errorMessage } from '../../src/lib/errors.ts'
import type { Run } from '../../src/wire/types.ts'
import { createGate, createMeters } from '../support/meters.ts'
import { openStream } from '../support/stream.ts'
import { createWorld, eventually, type World } from '../support/world.ts'

async function worldWithGate(t: Parameters<typeof createWorld>[0]) {
  const world = await createWorld(t)
  await createMeters(world.source)
  const gate = await createGate(world.source)
  const reached = () => eventually(async () => (await world.source.query(gate.reached)).length > 0)
  return { world, gate, reached, environment: { CLIENT_SYSTEM_QUERY: gate.query } }
}

const lastRun = async (world: World) =>
  (
    await world.sync.query<{ id: string; status: string; error_code: string | null }>(
      'select * from sync.run order by queued_at desc limit 1',
    )
  )[0]

suite('jobs and workers', { concurrency: 2 }, () => {
  test('F16: a run whose worker is killed is interrupted within 6 s, and the next trigger works', async (t) => {
    const { world, gate, reached, environment } = await worldWithGate(t)
    const open = await gate.close()
    const api = await world.process({ ...environment, ROLE: 'api' })
    const worker = await world.process({ ...environment, ROLE: 'worker' })
    const other = await world.process({ ...environment, ROLE: 'worker' })
    await reached()
    const run = (await api.status()).clientSystems[0]?.activeRun
    await using stream = await openStream(`${api.url}/api/events`)
    const [busy] = await world.sync.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name = 'meter-sync-agent run' and datname = current_database()`,
    )
    assert.ok(busy)
    const killed = performance.now()
    worker.kill('SIGKILL')
    other.kill('SIGKILL')
    const third = await world.process({ ...environment, ROLE: 'worker' })
    const ended = await stream.until(
      (event) => event.type === 'run' && event.data.id === run?.id && event.data.finishedAt !== null,
      8_000,
    )
    assert.ok(performance.now() - killed < 8_000)
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
    const { world, gate, reached, environment } = await worldWithGate(t)
    const first = await world.process(environment)
    await first.settled()
    const open = await gate.close()
    await first.api('/api/sync', { method: 'POST' })
    await reached()
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
    assert.ok(performance.now() - killed < 2_500, `the lock was free after ${performance.now() - killed} ms`)
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
    const { world, environment } = await worldWithGate(t)
    const agent = await world.agent(environment)
    await agent.settled()
    await world.sync.query(
      `insert into sync.run (id, client_system_id, trigger, status, revision) values ('00000000-0000-4000-8000-000000000001', 'main', 'manual', 'queued', 0)`,
    )
    await world.sync.query(
      `insert into pgboss.job (id, name, singleton_key, state, policy, started_on, heartbeat_on, heartbeat_seconds)
       values ('00000000-0000-4000-8000-000000000001', 'meter-sync.main', 'main', 'active', 'exclusive', now(), now(), 10)`,
    )
    await eventually(async () => (await lastRun(world))?.error_code === 'worker_lost', 16_000)
    const { code, err, hint } = await eventually(async () => agent.log.find(({ msg }) => msg === 'meter sync failed'))
    assert.equal(code, 'worker_lost')
    assert.match(JSON.stringify(err), /The worker of this run has stopped/)
    assert.match(String(hint), /Nothing was changed/)
    assert.equal((await agent.sync()).status, 'succeeded')
  })

  test('F17: the session of a frozen worker is ended with its lease; resumed, the worker changes nothing and reports lease_lost', {
    timeout: 60_000,
  }, async (t) => {
    const { world, gate, reached, environment } = await worldWithGate(t)
    const frozen = await world.process(environment)
    await frozen.settled()
    await world.source.query(`insert into meter (external_id, name) values (100, 'While frozen')`)
    const open = await gate.close()
    await frozen.api('/api/sync', { method: 'POST' })
    await reached()
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
    await worker.settled()
    const newer = await worker.sync()
    assert.equal(newer.status, 'succeeded')
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

  test('F19: SIGTERM during a run ends it as interrupted, closes the streams, and exits with 0 within 10 s', async (t) => {
    const { world, gate, reached, environment } = await worldWithGate(t)
    await gate.close()
    const agent = await world.process(environment)
    await reached()
    await using stream = await openStream(`${agent.url}/api/events`)
    await stream.until(({ type }) => type === 'status')
    const asked = performance.now()
    agent.kill('SIGTERM')
    assert.deepEqual(await agent.exited, { code: 0, signal: null })
    assert.ok(performance.now() - asked < 10_000)
    const run = await lastRun(world)
    assert.equal(run?.status, 'interrupted')
    assert.equal(run?.error_code, 'shutting_down')
    await assert.rejects(
      stream.until(() => false),
      /ended first/,
    )
  })

  test('a run past its time limit ends as timeout, in both databases', async (t) => {
    const { world, gate, environment } = await worldWithGate(t)
    const open = await gate.close()
    const agent = await world.agent({ ...environment, RUN_TIMEOUT_SECONDS: '1' })
    const run = await agent.settled()
    assert.equal(run.error?.code, 'timeout')
    assert.equal(run.status, 'failed')
    await eventually(async () => (await world.source.query(gate.reached)).length === 0)
    await open()
    assert.equal((await agent.sync()).status, 'succeeded')
  })

  test('F15: a lock of another session on the meters ends the run as database_busy; collectors still work', {
    timeout: 30_000,
  }, async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const agent = await world.agent()
    await agent.settled()
    await world.source.query(`update meter set name = 'Renamed' where external_id = 1`)
    const release = await world.sync.hold(`begin; select from sync.meter where external_id = '1' for update`)
    await world.sync.query(
      `insert into sync.meter_reading (meter_id, quantity, read_at, value) select id, 'energy', now(), 1 from sync.meter where external_id = '2'`,
    )
    const run = await agent.sync()
    assert.equal(run.status, 'failed')
    assert.equal(run.error?.code, 'database_busy')
    await release()
    assert.equal((await agent.sync()).counts?.updated, 1)
  })

  test('F15: a run whose lock is held by another session ends as database_busy', { timeout: 30_000 }, async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const release = await world.sync.hold(`select pg_advisory_lock(hashtextextended('meter-sync-agent:main', 0))`)
    const agent = await world.agent()
    assert.equal((await agent.settled()).error?.code, 'database_busy')
    await release()
    assert.equal((await agent.sync()).status, 'succeeded')
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

  test('ROLE splits API and worker: an API process alone queues, a worker takes it', async (t) => {
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

  test('history older than HISTORY_DAYS is pruned, except the last success and the last failure', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const agent = await world.agent({ HISTORY_DAYS: '30' })
    await agent.settled()
    await world.sync.query(
      `insert into sync.run (id, client_system_id, trigger, status, revision, queued_at, finished_at)
       select gen_random_uuid(), 'main', 'schedule', status, -days, now() - make_interval(days => days), now() - make_interval(days => days)
       from (values ('succeeded', 40), ('failed', 50), ('failed', 60), ('cancelled', 70)) old (status, days)`,
    )
    await world.sync.query(`insert into pgboss.job (name) values ('meter-sync-prune.main')`)
    const remaining = () =>
      world.sync.query<{ days: number }>(
        `select extract(day from now() - queued_at)::int as days from sync.run order by 1`,
      )
    await eventually(async () => (await remaining()).length === 2)
    assert.deepEqual(await remaining(), [{ days: 0 }, { days: 50 }])
  })

  test('a scheduled sync that cannot be queued, and history that cannot be removed, are logged', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const agent = await world.agent({ HISTORY_DAYS: '30' })
    await agent.settled()
    await world.sync.query(`
      insert into sync.run (id, client_system_id, trigger, status, revision, queued_at, finished_at)
        values (gen_random_uuid(), 'main', 'schedule', 'cancelled', 0, now() - interval '40 days', now() - interval '40 days');
      create function refuse() returns trigger language plpgsql as $$ begin raise 'not today'; end $$;
      create trigger refuse before insert or delete on sync.run for each row execute function refuse();
      insert into pgboss.job (name) values ('meter-sync-prune.main')`)
    const boss = new PgBoss({ connectionString: world.sync.url, migrate: false, supervise: false, schedule: false })
    await boss.start()
    world.after(() => boss.stop())
    await boss.send('meter-sync-schedule.main', {})
    const findLogged = (what: string) => eventually(async () => agent.log.find(({ msg }) => msg === what))
    const untriggered = await findLogged('the scheduled sync could not be queued')
    assert.deepEqual([untriggered.level, untriggered.clientSystem], ['error', 'main'])
    assert.match(JSON.stringify(untriggered.err), /not today/)
    const unpruned = await findLogged('old history could not be removed; retrying tomorrow')
    assert.match(JSON.stringify(unpruned.err), /not today/)
  })

  test('a start that waits for a lock can be stopped, and then no worker of it takes runs', async (t) => {
    const world = await createWorld(t)
    const release = await world.sync.hold('begin; lock table sync.run in access exclusive mode')
    const stopping = new AbortController()
    const starting = assert.rejects(world.agent({}, { signal: stopping.signal }), (error) => {
      assert.match(errorMessage(error), /lock timeout/)
      return true
    })
    const connections = () =>
      world.sync.query<{ name: string }>(
        `select application_name as name from pg_stat_activity
         where datname = current_database() and application_name like 'meter-sync-agent%'`,
      )
    await eventually(async () => (await connections()).length > 0)
    stopping.abort()
    await starting
    await eventually(async () => (await connections()).length === 0)
    await release()
  })

  test('a failed run has its phase, and the duration of each phase', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const agent = await world.agent({
      CLIENT_SYSTEM_QUERY: 'select external_id, name, 1 / (external_id - 3) as floor from meter',
    })
    const run = await agent.settled()
    assert.deepEqual([run.status, run.phase], ['failed', 'reading'])
    assert.deepEqual(Object.keys(run.timings ?? {}).sort(), ['connecting', 'reading'])
  })
})
