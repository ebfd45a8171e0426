import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { createGate, createMeters } from '../support/meters.ts'
import { createWorld, eventually } from '../support/world.ts'

const subscriberCount = 500

type Subscriber = { socket: Socket; received: string }

function subscribe(url: string): Promise<Subscriber> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  const subscriber: Subscriber = { socket, received: '' }
  socket.write('GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
  return new Promise((done, failed) => {
    socket.setEncoding('utf8').on('data', (text) => {
      subscriber.received += text
      if (subscriber.received.includes('event: status')) done(subscriber)
    })
    socket.on('error', failed)
  })
}

test('F22: a subscriber that stalls while its missed runs are sent is closed before later events accumulate', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const gate = await createGate(world.source)
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: gate.query })
  await agent.settled()
  await world.sync.query(
    `insert into sync.run (id, client_system_id, trigger, status, revision, error_code, error_message, queued_at, finished_at)
     select gen_random_uuid(), 'main', 'schedule', 'failed', 0, 'internal', repeat('x', 100000), now() - interval '1 day', now()
     from generate_series(1, 200)`,
  )
  await world.sync.query('update sync.run set revision = 3 where revision = 0')
  const socket = connect(Number(new URL(agent.url).port), '127.0.0.1')
  world.after(async () => socket.destroy())
  socket.on('error', () => undefined)
  socket.write('GET /api/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 1\r\n\r\n')
  socket.pause()
  const streams = async () => {
    const { body } = await agent.api<string>('/metrics')
    return Number(/^meter_sync_event_streams (\d+)$/m.exec(body)?.[1])
  }
  await eventually(async () => (await streams()) === 1)
  await gate.close()
  await agent.api('/api/sync', { method: 'POST' })
  await gate.untilReached()
  const { id } = (await agent.status()).clientSystems[0]?.activeRun ?? {}
  const progress = {
    type: 'progress',
    runId: id,
    clientSystemId: 'main',
    phase: 'reading',
    step: 'meters',
    bytesRead: 0,
  }
  await world.sync.query(
    `select pg_notify('meter_sync', ($1::jsonb || jsonb_build_object('rowsRead', n, 'rowsExpected', n))::text)
     from generate_series(1, 600) n`,
    [JSON.stringify(progress)],
  )
  await eventually(async () => (await streams()) === 0)
})

test('F22, I12: hundreds of subscribers get the end of a run once each; those that vanish are freed within 30 s', {
  timeout: 100_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.process()
  await agent.settled()
  const streams = async () => {
    const { body } = await agent.api<string>('/metrics')
    return Number(/^meter_sync_event_streams (\d+)$/m.exec(body)?.[1])
  }
  const subscribers: Subscriber[] = []
  world.after(async () => {
    for (const { socket } of subscribers) socket.destroy()
  })
  for (let at = 0; at < subscriberCount; at++) subscribers.push(await subscribe(agent.url))
  assert.ok((await streams()) >= subscriberCount)

  const run = await agent.sync()
  const ends = ({ received }: Subscriber) =>
    received
      .split('\n\n')
      .filter((event) => event.includes('event: run\n') && event.includes(run.id) && event.includes('"succeeded"'))
      .length
  await eventually(async () => subscribers.every((subscriber) => ends(subscriber) > 0), 20_000)
  assert.deepEqual([...new Set(subscribers.map(ends))], [1])

  for (const [at, { socket }] of subscribers.entries()) {
    socket.removeAllListeners('error').on('error', () => undefined)
    if (at % 2 === 0) socket.resetAndDestroy()
    else socket.destroy()
  }
  await eventually(async () => (await streams()) === 0, 30_000)
  assert.equal((await agent.sync()).status, 'succeeded')
})
