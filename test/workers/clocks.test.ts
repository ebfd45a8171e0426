import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Run } from '../../src/wire/types.ts'
import { createMeters } from '../support/meters.ts'
import { breakSource, openReceiver, webhookEnvironment } from '../support/receiver.ts'
import { createWorld, eventually, findLogged } from '../support/world.ts'

/** Shifts the clock of a process of its own: of JavaScript, which is all that the agent reads. */
function shifted(hours: number): string {
  const source = `const Real = Date, by = ${hours} * 3600000
globalThis.Date = class extends Real { constructor(...a) { a.length ? super(...a) : super(Real.now() + by) } static now() { return Real.now() + by } }`
  return `--import=data:text/javascript;base64,${Buffer.from(source).toString('base64')}`
}

suite('processes that share one Sync database', { concurrency: true }, () => {
  test('F33: a clock that is three hours ahead or behind changes neither freshness, nor the next time, nor alerts', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    await using receiver = await openReceiver()
    const alerts = webhookEnvironment(receiver)
    const ahead = await world.process({ NODE_OPTIONS: shifted(3), ...alerts })
    const behind = await world.process({ NODE_OPTIONS: shifted(-3), ROLE: 'api' })
    await ahead.settled()
    await ahead.sync()
    for (const agent of [ahead, behind]) {
      const status = await agent.status()
      const [system] = status.clientSystems
      assert.equal(system?.freshness, 'fresh')
      assert.ok(Math.abs(Date.parse(status.serverTime) - Date.now()) < 60_000)
      const next = Date.parse(system?.schedule.nextRunAt ?? '')
      assert.ok(next > Date.now() && next - Date.now() <= 3_600_000)
    }
    assert.deepEqual(receiver.types(), [])
  })

  test('F33, I7: a database clock that steps back hides no failure: the last run is the latest by revision', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const agent = await world.agent()
    await agent.settled()
    await breakSource(world.source)
    const failure = await agent.sync()
    assert.equal(failure.status, 'failed')
    await world.sync.query(`update sync.run set queued_at = queued_at - interval '1 day' where id = $1`, [failure.id])
    await world.sync.query('update sync.revision_counter set value = value + 1')
    const [system] = (await agent.status()).clientSystems
    assert.equal(system?.lastRun?.id, failure.id)
    assert.equal(system?.lastFailure?.id, failure.id)
  })

  test('R8.12: a process without a worker changes neither the queues nor the names of Client Systems', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const worker = await world.agent({ CLIENT_SYSTEM_NAME: 'North' })
    await worker.settled()
    const stored = async () => [
      await world.sync.query('select name, expire_seconds, retry_limit from pgboss.queue order by name'),
      await world.sync.query('select id, name from sync.client_system order by id'),
    ]
    const before = await stored()
    const api = await world.agent({ ROLE: 'api', CLIENT_SYSTEM_NAME: 'South', RUN_TIMEOUT_SECONDS: '1' })
    const { body } = await api.api<{ run: Run }>('/api/sync', { method: 'POST' })
    await eventually(async () => (await api.api<Run>(`/api/runs/${body.run.id}`)).body.status === 'succeeded')
    assert.deepEqual(await stored(), before)
  })

  test('R8.12: an agent prunes and reports the runs of its own Client System only', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    await using north = await openReceiver()
    await using south = await openReceiver()
    const ids = ['north', 'south']
    await world.sync.query(
      `insert into sync.run (id, client_system_id, trigger, status, revision, queued_at, finished_at)
       select gen_random_uuid(), id, 'schedule', 'cancelled', -1, now() - interval '50 days', now() - interval '50 days'
       from unnest($1::text[]) id`,
      [ids],
    )
    const failing = { CLIENT_SYSTEM_QUERY: 'select 1' }
    await world.agent({ CLIENT_SYSTEM_ID: 'north', HISTORY_DAYS: '30', ...failing, ...webhookEnvironment(north) })
    await world.agent({ CLIENT_SYSTEM_ID: 'south', HISTORY_DAYS: '400', ...failing, ...webhookEnvironment(south) })
    for (const [id, receiver] of [
      ['north', north],
      ['south', south],
    ] as const) {
      const alerts = await receiver.received(1)
      assert.deepEqual(new Set(alerts.map(({ payload }) => payload.data.clientSystemId)), new Set([id]))
    }
    await world.sync.query(
      `insert into pgboss.job (name) values ('meter-sync-prune.north'), ('meter-sync-prune.south')`,
    )
    const old = () =>
      world.sync.query(`select client_system_id as id from sync.run where finished_at < now() - interval '40 days'`)
    await eventually(async () => (await old()).length === 1)
    assert.deepEqual(await old(), [{ id: 'south' }])
  })

  test('F34: an agent whose schema version differs from the database’s starts no run, and logs it', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const older = await world.agent()
    await older.settled()
    await world.sync.query(
      `insert into sync.migration (hash, created_at) select 'newer', max(created_at) + 1 from sync.migration`,
    )
    await findLogged(older, 'it takes no more runs', 12_000)
    assert.equal((await older.api('/readyz')).status, 503)
    const { body } = await older.api<{ run: Run }>('/api/sync', { method: 'POST' })
    const run = await older.api<Run>(`/api/runs/${body.run.id}`)
    assert.equal(run.body.status, 'queued')
    const [left] = await world.sync.query<{ views: number }>(
      `select count(*)::int as views from pg_class where relkind = 'v' and relname = 'ours'`,
    )
    assert.equal(left?.views, 0)
  })
})
