import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createMeters } from '../support/meters.ts'
import { breakSource, mendSource, openReceiver, webhookEnvironment } from '../support/receiver.ts'
import { createWorld, eventually } from '../support/world.ts'

const jobs = 'select state, retry_count as "retries" from pgboss.job where name = $1 order by created_on'

suite('alerts', { concurrency: 3 }, () => {
  test('R7.8: two workers send each alert once, also across a restart', { timeout: 100_000 }, async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    await using receiver = await openReceiver()
    const worker = { ...webhookEnvironment(receiver), ROLE: 'worker' }
    const api = await world.agent({ ROLE: 'api' })
    const workers = [await world.process(worker), await world.process(worker)]
    await api.settled()
    await breakSource(world.source)
    for (let hour = 0; hour < 3; hour++) assert.equal((await api.sync()).status, 'failed')
    await receiver.received(1)
    for (const { stop } of workers) await stop()
    const successors = [await world.process(worker), await world.process(worker)]
    await api.settled()
    assert.equal((await api.sync()).status, 'failed')
    await mendSource(world.source)
    assert.equal((await api.sync()).status, 'succeeded')
    await receiver.received(2)
    for (const { stop } of successors) await stop()
    assert.deepEqual(receiver.types(), ['meter_sync.failed', 'meter_sync.recovered'])
    assert.deepEqual(await world.sync.query(jobs, ['meter-sync-webhook.main']), [
      { state: 'completed', retries: 0 },
      { state: 'completed', retries: 0 },
    ])
  })

  test('a run that ended while the listener was disconnected is reported when it reconnects, not half a minute later', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    await using receiver = await openReceiver()
    const agent = await world.agent(webhookEnvironment(receiver))
    await agent.settled()
    await eventually(async () => (await agent.api('/readyz')).status === 200)
    await world.sync.query(`
    with next as (update sync.revision_counter set value = value + 1 where id = 1 returning value)
    insert into sync.run (id, client_system_id, trigger, status, finished_at, error_code, error_message, revision)
    select gen_random_uuid(), 'main', 'schedule', 'failed', now(), 'source_lost', 'gone', value from next`)
    await world.sync.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name = 'meter-sync-agent listener'`,
    )
    await eventually(async () => receiver.attempts.length === 1)
    assert.deepEqual(receiver.types(), ['meter_sync.failed'])
  })

  test('R7.8: held-back deletions are reported again when the set changes, even if the number does not', {
    timeout: 60_000,
  }, async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source, 100)
    await using receiver = await openReceiver()
    const agent = await world.agent(webhookEnvironment(receiver))
    await agent.settled()
    await world.source.query('delete from meter where external_id <= 40')
    assert.equal((await agent.sync()).counts?.withheld, 40)
    assert.equal((await agent.sync()).counts?.withheld, 40)
    await world.source.query('delete from meter where external_id <= 42')
    const run = await agent.sync()
    await receiver.received(2)
    await world.source.query(`update meter set external_id = 42 where external_id = 43`)
    await agent.sync()
    const alerts = await receiver.received(3)
    assert.deepEqual(receiver.types(), ['meter_sync.withheld', 'meter_sync.withheld', 'meter_sync.withheld'])
    assert.deepEqual(
      alerts.map(({ payload }) => payload.data.run?.counts?.withheld),
      [40, 42, 42],
    )
    assert.equal(alerts[1]?.payload.data.run?.id, run.id)
  })

  test('R4.7: meters that become stale are reported once without a run, and so is a run whose notification was lost', {
    timeout: 110_000,
  }, async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    await using receiver = await openReceiver()
    const agent = await world.agent({ ...webhookEnvironment(receiver), FRESHNESS_MINUTES: '60' })
    const { finishedAt } = await agent.settled()
    await world.sync.query(`begin;
    update sync.run set finished_at = finished_at - interval '61 minutes';
    with revision as (update sync.revision_counter set value = value + 1 returning value)
    insert into sync.run (id, client_system_id, trigger, status, queued_at, finished_at, error_code, revision)
    select gen_random_uuid(), 'main', 'schedule', 'interrupted', now(), now(), 'worker_lost', value from revision;
    commit`)
    const alerts = await receiver.received(2, 90_000).catch((cause) => {
      throw new Error(`No alert arrived; the log: ${JSON.stringify(agent.log.slice(-20))}`, { cause })
    })
    // Both are decided at once; their order is not promised.
    assert.deepEqual(receiver.types().toSorted(), ['meter_sync.failed', 'meter_sync.stale'])
    const stale = alerts.find(({ payload }) => payload.type === 'meter_sync.stale')
    const { run, freshness, lastSuccessAt } = stale?.payload.data ?? assert.fail()
    assert.deepEqual([run, freshness], [null, 'stale'])
    assert.equal(Date.parse(finishedAt ?? '') - Date.parse(lastSuccessAt ?? ''), 61 * 60_000)
    await agent.sync()
    await receiver.received(3)
    assert.deepEqual(receiver.types().slice(2), ['meter_sync.recovered'])
  })
})
