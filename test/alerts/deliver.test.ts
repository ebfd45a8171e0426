import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { version } from '../../src/lib/version.ts'
import { createMeters } from '../support/meters.ts'
import { breakSource, mendSource, openReceiver, webhookEnvironment, webhookSecret } from '../support/receiver.ts'
import { createWorld, eventually, findLogged } from '../support/world.ts'

const jobs = 'select state, retry_count as "retries" from pgboss.job where name = $1 order by created_on'

suite('delivery of alerts', { concurrency: 3 }, () => {
  test('R7.8: a failure and its recovery are each sent once, signed, and retried until they are accepted', {
    timeout: 100_000,
  }, async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    await using receiver = await openReceiver()
    receiver.answers.push((response) => void response.writeHead(503).end())
    const agent = await world.agent(webhookEnvironment(receiver))
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

  test('an alert that a stopped worker did not deliver is delivered by the next worker', {
    timeout: 100_000,
  }, async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    await breakSource(world.source)
    await using receiver = await openReceiver()
    receiver.answers.push((response) => void response.writeHead(500).end())
    const first = await world.process(webhookEnvironment(receiver))
    await eventually(async () => receiver.attempts.length === 1, 20_000)
    await findLogged(first, 'retrying', 30_000)
    await first.stop()
    await world.process(webhookEnvironment(receiver))
    await eventually(async () => receiver.attempts.length === 2, 60_000)
    assert.equal(receiver.types().length, 1)
  })

  test('a 410 stops the attempts, a redirect is not followed, and delivery to a silent receiver ends with the last attempt', {
    timeout: 110_000,
  }, async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    await breakSource(world.source)
    await using receiver = await openReceiver()
    receiver.answers.push((response) => void response.writeHead(410).end())
    const agent = await world.agent(webhookEnvironment(receiver))
    assert.match(String((await findLogged(agent, 'no longer accepts alerts', 30_000)).hint), /WEBHOOK_URL/)
    receiver.answers.push((response) => void response.writeHead(307, { Location: receiver.url }).end())
    receiver.answers.push(() => undefined)
    await mendSource(world.source)
    await agent.sync()
    const redirected = await findLogged(agent, 'retrying', 30_000)
    assert.match(JSON.stringify(redirected), /the receiver answered 307, which is not followed/)
    // The queue stores that the job is retried after the line is logged.
    const limitRetries = `update pgboss.job set retry_limit = 1 where name = 'meter-sync-webhook.main' and state = 'retry' returning id`
    await eventually(async () => (await world.sync.query(limitRetries)).length === 1)
    const givenUp = await findLogged(agent, 'no more retries', 60_000)
    assert.deepEqual([givenUp.level, givenUp.attempt], ['error', 2])
    assert.match(JSON.stringify(givenUp.err), /timeout/i)
    assert.equal(receiver.attempts.length, 3)
    assert.deepEqual(await world.sync.query(jobs, ['meter-sync-webhook.main']), [
      { state: 'completed', retries: 0 },
      { state: 'failed', retries: 1 },
    ])
  })
})
