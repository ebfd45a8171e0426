import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { type AlertState, decideAlerts, initialAlertState } from '../../src/alerts/decide.ts'
import { version } from '../../src/lib/version.ts'
import type { AlertTest, Problem, Run } from '../../src/wire/types.ts'
import { runCommand } from '../support/command.ts'
import { createMeters } from '../support/meters.ts'
import { openReceiver, type Receiver, webhookSecret } from '../support/receiver.ts'
import { createWorld, type Database, eventually, type TestAgent } from '../support/world.ts'

const hooked = (receiver: Receiver) => ({ WEBHOOK_URL: receiver.url, WEBHOOK_SECRET: webhookSecret })

const breakSource = (source: Database) => source.query('alter table meter rename to away')
const mendSource = (source: Database) => source.query('alter table away rename to meter')

const jobs = 'select state, retry_count as "retries" from pgboss.job where name = $1 order by created_on'

async function findLogged(agent: TestAgent, text: string, milliseconds = 30_000) {
  return await eventually(async () => agent.log.find(({ msg }) => msg.includes(text)), milliseconds)
}

suite('alerts', { concurrency: 3 }, () => {
  test('a failure and its recovery are each sent once, signed, and retried until they are accepted', {
    timeout: 100_000,
  }, async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    await using receiver = await openReceiver()
    receiver.answers.push((response) => void response.writeHead(503).end())
    const agent = await world.agent(hooked(receiver))
    await agent.settled()
    await breakSource(world.source)
    const run = await agent.sync()
    assert.equal(run.status, 'failed')
    await eventually(async () => receiver.attempts.length === 2, 40_000)
    const [refused, taken] = receiver.attempts
    assert.equal(refused?.id, taken?.id)
    assert.equal(refused?.body, taken?.body)
    assert.equal(taken?.userAgent, `meter-sync-agent/${version}`)
    const { timestamp, data } = taken?.payload ?? assert.fail()
    assert.equal(timestamp, run.finishedAt)
    const { lastSuccess, ...status } = (await agent.status()).clientSystems[0] ?? assert.fail()
    assert.deepEqual(data, {
      clientSystemId: 'main',
      name: 'Client System',
      run,
      lastSuccessAt: lastSuccess?.finishedAt,
      freshness: 'fresh',
      meters: status.meters,
    })

    for (let hour = 0; hour < 3; hour++) assert.equal((await agent.sync()).status, 'failed')
    await mendSource(world.source)
    const mended = await agent.sync()
    const [, recovered] = await receiver.received(2)
    assert.equal(recovered?.payload.type, 'meter_sync.recovered')
    assert.equal(recovered?.payload.data.run?.id, mended.id)
    await agent.sync()
    await breakSource(world.source)
    await agent.sync()
    await receiver.received(3)
    assert.deepEqual(receiver.types(), ['meter_sync.failed', 'meter_sync.recovered', 'meter_sync.failed'])
    const all = JSON.stringify([agent.log, receiver.attempts, await world.sync.query('select * from pgboss.job')])
    for (const secret of [webhookSecret, 'receiver-token', new URL(world.sync.url).password]) {
      assert.ok(!all.includes(secret), 'a secret is visible')
    }
  })

  test('two workers send each alert once, also across a restart', { timeout: 100_000 }, async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    await using receiver = await openReceiver()
    const worker = { ...hooked(receiver), ROLE: 'worker' }
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

  test('an alert that a stopped worker did not deliver is delivered by the next worker', {
    timeout: 100_000,
  }, async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    await breakSource(world.source)
    await using receiver = await openReceiver()
    receiver.answers.push((response) => void response.writeHead(500).end())
    const first = await world.process(hooked(receiver))
    await eventually(async () => receiver.attempts.length === 1, 20_000)
    await findLogged(first, 'retrying')
    await first.stop()
    await world.process(hooked(receiver))
    await eventually(async () => receiver.attempts.length === 2, 60_000)
    assert.equal(receiver.types().length, 1)
  })

  test('a run that ended while the listener was disconnected is reported when it reconnects, not half a minute later', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    await using receiver = await openReceiver()
    const agent = await world.agent(hooked(receiver))
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

  test('held-back deletions are reported again when the set changes, even if the number does not', {
    timeout: 60_000,
  }, async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source, 100)
    await using receiver = await openReceiver()
    const agent = await world.agent(hooked(receiver))
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

    // By the same way as an alert: signed, and once for a double press.
    const tested = () => agent.api<{ results: AlertTest[] } & Problem>('/api/alerts/test', { method: 'POST' })
    const receiverHost = new URL(receiver.url).host
    const { body } = await tested()
    const delivered = {
      channel: 'webhook',
      receiver: receiverHost,
      delivered: true,
      status: 200,
      error: null,
      hint: null,
    }
    assert.deepEqual(body.results, [delivered])
    const again = await tested()
    assert.deepEqual([again.status, again.body.code], [429, 'too_many_requests'])
    const [, , , testAlert] = await receiver.received(4)
    assert.deepEqual([testAlert?.payload.type, testAlert?.payload.data.meters.total], ['meter_sync.test', 100])
    receiver.answers.push((response) => void response.writeHead(401).end())
    const command = await runCommand(['alerts', 'test'], world.environment(hooked(receiver)))
    assert.equal(command.code, 1)
    assert.match(
      command.err,
      new RegExp(`not delivered to ${receiverHost}: the receiver answered 401\\n.*WEBHOOK_SECRET`),
    )
  })

  test('meters that become stale are reported once without a run, and so is a run whose notification was lost', {
    timeout: 110_000,
  }, async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    await using receiver = await openReceiver()
    const agent = await world.agent({ ...hooked(receiver), FRESHNESS_MINUTES: '60' })
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

  test('a 410 stops the attempts, a redirect is not followed, and delivery to a silent receiver ends with the last attempt', {
    timeout: 110_000,
  }, async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    await breakSource(world.source)
    await using receiver = await openReceiver()
    receiver.answers.push((response) => void response.writeHead(410).end())
    const agent = await world.agent(hooked(receiver))
    assert.match(String((await findLogged(agent, 'no longer accepts alerts')).hint), /WEBHOOK_URL/)
    receiver.answers.push((response) => void response.writeHead(307, { Location: receiver.url }).end())
    receiver.answers.push(() => undefined)
    await mendSource(world.source)
    await agent.sync()
    const redirected = await findLogged(agent, 'retrying')
    assert.match(JSON.stringify(redirected), /the receiver answered 307, which is not followed/)
    await world.sync.query(
      `update pgboss.job set retry_limit = 1 where name = 'meter-sync-webhook.main' and state = 'retry'`,
    )
    const givenUp = await findLogged(agent, 'no more retries', 60_000)
    assert.deepEqual([givenUp.level, givenUp.attempt], ['error', 2])
    assert.match(JSON.stringify(givenUp.err), /timeout/i)
    assert.equal(receiver.attempts.length, 3)
    assert.deepEqual(await world.sync.query(jobs, ['meter-sync-webhook.main']), [
      { state: 'completed', retries: 0 },
      { state: 'failed', retries: 1 },
    ])
  })

  test('for any sequence of runs, each state is reported once until it changes, and a recovery follows its failure', () => {
    const counts = { read: 0, inserted: 0, updated: 0, unchanged: 0, rejected: 0, restored: 0, deleted: 0 }
    const about = {
      clientSystemId: 'main',
      trigger: 'schedule',
      requestedBy: null,
      approveDeletes: null,
      approveDigest: null,
    } as const
    const times = { queuedAt: '', startedAt: null, finishedAt: '' }
    const what = {
      phase: null,
      readMode: null,
      readReason: null,
      withheldBecause: null,
      withheldDigest: null,
      rejectedBecause: null,
      proof: null,
      bytesRead: null,
      timings: null,
    }
    const ended = (revision: number, withheld: number, code: string | null): Run => ({
      ...{ id: String(revision), ...about, ...times, ...what, revision },
      status: code === null ? 'succeeded' : code === 'cancelled' ? 'cancelled' : 'failed',
      counts: code === null ? { ...counts, withheld } : null,
      error: code === null ? null : { code, message: '', hint: null },
    })
    const code = fc.constantFrom(null, null, 'source_lost', 'timeout', 'cancelled', 'shutting_down')
    const looks = fc.array(fc.tuple(fc.array(fc.tuple(fc.nat(2), code), { maxLength: 3 }), fc.boolean()))
    fc.assert(
      fc.property(looks, (sequence) => {
        let state: AlertState = initialAlertState
        let revision = 0
        const open = new Set<string>()
        let withheld = 0
        for (const [runs, stale] of sequence) {
          const before = state
          const news = runs.map(([deletions, error]) => ended(++revision, deletions, error))
          const decided = decideAlerts(state, news, stale)
          state = decided.state
          assert.deepEqual(decideAlerts(state, [], stale && state.stale).alerts, [], 'no alert is sent twice')
          for (const { type, run } of decided.alerts) {
            if (type === 'meter_sync.recovered') {
              assert.ok(open.size > 0)
              open.clear()
            } else if (type === 'meter_sync.withheld') {
              assert.ok((run?.counts?.withheld ?? 0) > 0)
            } else {
              assert.ok(!open.has(type))
              open.add(type)
            }
          }
          for (const run of news) withheld = run.counts?.withheld ?? withheld
          assert.deepEqual([state.failing, state.stale], [open.has('meter_sync.failed'), open.has('meter_sync.stale')])
          assert.equal(state.withheld, withheld)
          assert.equal(state.revision, Math.max(before.revision, ...news.map((run) => run.revision)))
        }
      }),
    )
  })
})
