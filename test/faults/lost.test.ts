import assert from 'node:assert/strict'
import { connect, createServer as createSocketServer, type Socket } from 'node:net'
import { suite, test } from 'node:test'
import { z } from 'zod'
import type { Run } from '../../src/wire/types.ts'
import { createMeters } from '../support/meters.ts'
import { openStream } from '../support/stream.ts'
import { createServer, createWorld, eventually, type World } from '../support/world.ts'

/** A way to the Sync database that, from a run's COMMIT on, lets nothing come back, and never ends that connection. */
async function swallowCommit(world: World): Promise<string> {
  const target = new URL(world.sync.url)
  const { hostname, port } = target
  const sockets = new Set<Socket>()
  let swallowed = false
  const server = createSocketServer((client) => {
    const upstream = connect(Number(port), hostname)
    let isRun = false
    let dead = false
    client.on('data', (chunk) => {
      isRun ||= chunk.includes('pg_advisory_lock')
      upstream.write(chunk)
      if (isRun && !swallowed && chunk.includes('commit\0')) dead = swallowed = true
    })
    upstream.on('data', (chunk) => {
      if (!dead) client.write(chunk)
    })
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        if (!dead) other.destroy()
      })
    }
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  world.after(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((done) => server.close(done))
  })
  const address = server.address()
  target.port = String(typeof address === 'object' && address ? address.port : 0)
  return target.href
}

suite('lost answers, events and databases', { concurrency: 2 }, () => {
  test('F13, I6: when the answer to COMMIT is lost, the run has the state of its row, and its session blocks no other', {
    timeout: 60_000,
  }, async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const api = await world.agent({ ROLE: 'api' })
    const url = await swallowCommit(world)
    const through = await world.process({ ROLE: 'worker', DATABASE_URL: url })
    const first = await eventually(async () => (await api.status()).clientSystems[0]?.lastRun)
    assert.equal(first.status, 'succeeded')
    assert.equal(first.counts?.inserted, 3)
    await eventually(
      async () => through.log.some(({ msg, runId }) => msg === 'meter sync succeeded' && runId === first.id),
      20_000,
    )
    await through.stop()
    const other = await world.process({ ROLE: 'worker' })
    const second = await other.settled()
    assert.equal(second.status, 'succeeded')
    assert.equal((await other.sync()).status, 'succeeded')
  })

  test('F22: a subscriber that missed 299 runs receives the latest 200 of them, in order', async (t) => {
    const world = await createWorld(t)
    const agent = await world.agent({ ROLE: 'api' })
    await world.sync.query(
      `insert into sync.run (id, client_system_id, trigger, status, revision, finished_at, error_code, error_message)
       select gen_random_uuid(), 'main', 'schedule', 'failed', n, now(), 'source_query', repeat('x', 3000) from generate_series(1, 300) n`,
    )
    await world.sync.query('update sync.revision_counter set value = 300')
    await using stream = await openStream(`${agent.url}/api/events`, { 'Last-Event-ID': '1' })
    await stream.until((event) => event.type === 'run' && event.data.revision === 300)
    const runs = stream.events.flatMap((event): Run[] => (event.type === 'run' ? [event.data] : []))
    assert.deepEqual(
      runs.map(({ revision }) => revision),
      Array.from({ length: 200 }, (_, at) => 101 + at),
    )
  })

  test('F12: a status that could not be read is sent as soon as it can be', { timeout: 50_000 }, async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const agent = await world.agent()
    await agent.settled()
    await using stream = await openStream(`${agent.url}/api/events`)
    await stream.until(({ type }) => type === 'status')
    const release = await world.sync.hold('begin; lock table sync.run')
    await world.sync.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'meter-sync-agent listener' and datname = current_database()`,
    )
    // The log reports only the first failure. A third read begins when two have failed: one that was requested meanwhile
    // would begin after the first without a retry.
    const reads = new Set<string>()
    await eventually(async () => {
      const waiting = await world.sync.query<{ read: string }>(
        `select pid || ' ' || query_start as read from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock' and query like '%"revision" > $%'`,
      )
      for (const { read } of waiting) reads.add(read)
      return reads.size >= 3
    }, 25_000)
    await release()
    await stream.until(({ type }) => type === 'status', 5_000)
  })

  test('F12: the loss of the Sync database is logged, and not once a second', { timeout: 60_000 }, async (t) => {
    const server = await createServer(t)
    const world = await createWorld(t)
    await createMeters(world.source)
    const agent = await world.process({ DATABASE_URL: server.url })
    await agent.settled()
    await server.stop('fast')
    const errors = () =>
      agent.log
        .filter(({ msg }) => msg === 'the job queue reported an error; it continues')
        .map(({ err, time }) => ({
          message: z.object({ message: z.string() }).parse(err).message,
          at: Date.parse(String(time)),
        }))
    const first = await eventually(async () => errors()[0], 20_000)
    // Each queue asks every second or two: long enough for all of them to fail several times.
    await eventually(async () => Date.now() - first.at > 8_000, 30_000)
    const soon = errors().filter(({ at }) => at < first.at + 25_000)
    assert.equal(new Set(soon.map(({ message }) => message)).size, soon.length)
  })
})
