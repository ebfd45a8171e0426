import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AlertTest, Problem } from '../../src/wire/types.ts'
import { runCommand } from '../support/command.ts'
import { createMeters } from '../support/meters.ts'
import { openReceiver, webhookEnvironment } from '../support/receiver.ts'
import { createWorld } from '../support/world.ts'

test('a test alert is signed, not sent twice within 5 s, and its result is returned', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 100)
  await using receiver = await openReceiver()
  const environment = webhookEnvironment(receiver)
  const agent = await world.agent(environment)
  await agent.settled()
  const sendTest = () => agent.api<{ results: AlertTest[] } & Problem>('/api/alerts/test', { method: 'POST' })
  const receiverHost = new URL(receiver.url).host
  const { body } = await sendTest()
  const delivered = {
    channel: 'webhook',
    receiver: receiverHost,
    delivered: true,
    status: 200,
    error: null,
    hint: null,
  }
  assert.deepEqual(body.results, [delivered])
  const again = await sendTest()
  assert.deepEqual([again.status, again.body.code], [429, 'too_many_requests'])
  const [testAlert] = await receiver.received(1)
  assert.deepEqual([testAlert?.payload.type, testAlert?.payload.data.meters.total], ['meter_sync.test', 100])
  receiver.answers.push((response) => void response.writeHead(401).end())
  const command = await runCommand(['alerts', 'test'], world.environment(environment))
  assert.equal(command.code, 1)
  assert.match(
    command.err,
    new RegExp(`not delivered to ${receiverHost}: the receiver answered 401\\n.*WEBHOOK_SECRET`),
  )
})
