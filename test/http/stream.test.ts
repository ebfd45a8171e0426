import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { createGate, createMeters } from '../support/meters.ts'
import { openProxy } from '../support/proxy.ts'
import { openStream, type StreamEvent } from '../support/stream.ts'
import { createServer, createWorld } from '../support/world.ts'

const isRun = (event: StreamEvent) => event.type === 'run'
const ended = (event: StreamEvent) => event.type === 'run' && event.data.finishedAt !== null

test('R7.12: a subscriber gets the status first, then every change of a run in the order of revisions, then the status', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 20_000)
  const agent = await world.agent()
  await agent.settled()
  await using stream = await openStream(`${agent.url}/api/events`)
  const first = await stream.until(() => true)
  assert.equal(first.type, 'status')
  await agent.api('/api/sync', { method: 'POST' })
  await stream.until(ended)
  const last = await stream.until(({ type }) => type === 'status')
  const runs = stream.events.filter(isRun)
  assert.deepEqual(
    runs.map(({ id }) => id),
    runs.map(({ id }) => id).toSorted((a, b) => Number(a) - Number(b)),
  )
  for (const event of runs) assert.equal(event.type === 'run' && event.data.revision, event.id)
  assert.equal(runs.filter(ended).length, 1)
  assert.equal(last.type === 'status' && last.data.clientSystems[0]?.lastRun?.status, 'succeeded')
  assert.ok((last.id ?? 0) >= (runs.at(-1)?.id ?? 0))
})

test('R7.12: progress events are sent at most four times a second, with phase, rows and bytes', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 50_000)
  await world.source.query(`create function slowly(id bigint) returns boolean language plpgsql volatile as
    $$ begin if id % 500 = 0 then perform pg_sleep(0.01); end if; return true; end $$`)
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: 'select * from meter where slowly(external_id)' })
  await using stream = await openStream(`${agent.url}/api/events`)
  const began = performance.now()
  await stream.until(ended)
  const seconds = (performance.now() - began) / 1_000
  const progress = stream.events.flatMap((event) => (event.type === 'progress' ? [event.data] : []))
  assert.ok(progress.length >= 2, `${progress.length} in ${seconds} s`)
  assert.ok(progress.length <= 4 * seconds + 2, `${progress.length} in ${seconds} s`)
  const reading = progress.filter(({ phase }) => phase === 'reading')
  assert.ok(reading.some(({ rowsRead, bytesRead }) => rowsRead > 0 && bytesRead > 0))
  // What is read is not known before the query has been described.
  assert.ok(reading.every(({ step }) => step === 'meters' || step === null))
  assert.ok(reading.some(({ step }) => step === 'meters'))
  assert.ok(reading.every(({ rowsExpected }) => rowsExpected === null || rowsExpected > 0))
})

test('I10: a subscriber that reconnects with Last-Event-ID receives the runs that it missed, in their latest state', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  const before = await openStream(`${agent.url}/api/events`)
  const seen = await before.until(({ type }) => type === 'status')
  before.close()
  const missed = [await agent.sync(), await agent.sync()]
  await using after = await openStream(`${agent.url}/api/events`, { 'Last-Event-ID': String(seen.id) })
  await after.until((event) => event.type === 'run' && event.data.id === missed[1]?.id)
  const [first] = after.events
  assert.equal(first?.type, 'status')
  assert.equal(first?.id, seen.id, 'a connection that is cut before the runs comes back for them')
  assert.deepEqual(
    after.events.flatMap((event) => (event.type === 'run' ? [[event.data.id, event.data.status]] : [])),
    missed.map(({ id }) => [id, 'succeeded']),
  )
})

test('I10: every subscriber of every process sees the end of every run once', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const [api, worker] = await Promise.all([world.process({ ROLE: 'api' }), world.process({ ROLE: 'worker' })])
  await worker.settled()
  const streams = await Promise.all(
    Array.from({ length: 20 }, (_, at) => openStream(`${(at % 2 ? api : worker).url}/api/events`)),
  )
  for (const stream of streams) await stream.until(({ type }) => type === 'status')
  const runs: string[] = []
  for (let count = 0; count < 3; count++) runs.push((await api.sync()).id)
  for (const stream of streams) {
    await stream.until((event) => ended(event) && event.type === 'run' && event.data.id === runs.at(-1))
    const finals = stream.events.filter(ended).map((event) => event.type === 'run' && event.data.id)
    assert.deepEqual(finals, runs)
    stream.close()
  }
})

test('R8.11, F12, I11: after a restart of PostgreSQL every stream is correct within 3 s, and runs work', {
  timeout: 60_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const server = await createServer(t)
  const agent = await world.agent({ DATABASE_URL: server.url })
  await agent.settled()
  await using stream = await openStream(`${agent.url}/api/events`)
  await stream.until(({ type }) => type === 'status')
  for (const mode of ['fast', 'immediate'] as const) {
    await server.stop(mode)
    const unavailable = await agent.api<{ code: string }>('/api/status')
    assert.equal(unavailable.status, 503)
    assert.equal(unavailable.body.code, 'database_unavailable')
    assert.equal((await agent.api('/readyz')).status, 503)
    assert.equal((await agent.api('/healthz')).status, 200)
    await server.start()
    const back = performance.now()
    await stream.until(({ type }) => type === 'status', 3_000)
    assert.ok(performance.now() - back < 3_000)
    assert.equal((await agent.sync()).status, 'succeeded')
    await stream.until(ended)
  }
  const messages = agent.log.map(({ msg }) => msg)
  for (const msg of [
    'the listener lost the Sync database; reconnecting',
    'the listener is connected to the Sync database again',
  ]) {
    assert.equal(messages.filter((text) => text === msg).length, 2, msg)
  }
})

test('F12: a run that is active when PostgreSQL crashes ends as failed or interrupted, and the next one succeeds', {
  timeout: 60_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const gate = await createGate(world.source)
  const server = await createServer(t)
  const open = await gate.close()
  const agent = await world.agent({ DATABASE_URL: server.url, CLIENT_SYSTEM_QUERY: gate.query })
  await gate.untilReached()
  await using stream = await openStream(`${agent.url}/api/events`)
  const first = await stream.until(({ type }) => type === 'status')
  const id = first.type === 'status' && first.data.clientSystems[0]?.activeRun?.id
  await server.stop('immediate')
  await server.start()
  await open()
  const over = await stream.until(
    (event) =>
      (event.type === 'run' && event.data.id === id && event.data.finishedAt !== null) ||
      (event.type === 'status' && event.data.clientSystems[0]?.lastRun?.id === id),
  )
  const run = over.type === 'run' ? over.data : over.type === 'status' ? over.data.clientSystems[0]?.lastRun : null
  assert.ok(run?.status === 'failed' || run?.status === 'interrupted', run?.status)
  // The reaper, where it found the run, has queued the run at the start again.
  if (run.status === 'failed') await agent.api('/api/sync', { method: 'POST' })
  await stream.until((event) => event.type === 'run' && event.data.status === 'succeeded')
})

test('F20: a listener with a half-open connection is replaced, and its stream is correct within 15 s', {
  timeout: 60_000,
}, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  await using proxy = await openProxy(world.sync.url)
  const worker = await world.process({ ROLE: 'worker' })
  await worker.settled()
  const watching = await world.agent({ ROLE: 'api', DATABASE_URL: proxy.url })
  await using stream = await openStream(`${watching.url}/api/events`)
  await stream.until(({ type }) => type === 'status')
  proxy.freeze()
  const run = await worker.sync()
  const held = performance.now()
  await stream.until(
    (event) =>
      (event.type === 'run' && event.data.id === run.id) ||
      (event.type === 'status' && event.data.clientSystems[0]?.lastRun?.id === run.id),
    15_000,
  )
  assert.ok(performance.now() - held < 15_000)
})

test('F20: a listener that loses its connection reconnects and reads the state again', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  await using stream = await openStream(`${agent.url}/api/events`)
  await stream.until(({ type }) => type === 'status')
  for (let count = 0; count < 3; count++) {
    await world.sync.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'meter-sync-agent listener' and datname = current_database()`,
    )
    await stream.until(({ type }) => type === 'status', 3_000)
  }
  const run = await agent.sync()
  await stream.until((event) => event.type === 'run' && event.data.id === run.id && event.data.finishedAt !== null)
})

/** A large event: the last run, with an error of 7,000 characters and the next revision. */
const changeRun = `
  with next as (update sync.revision_counter set value = value + 1 returning value)
  update sync.run
  set error_code = 'internal', error_message = repeat('x', 7000), revision = next.value
  from next
  returning revision::float8`
const notice = { type: 'run', runId: 'any', clientSystemId: 'main', revision: 0, ended: false }

test('F22: a subscriber that does not read is closed, and others are not delayed', { timeout: 60_000 }, async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  await using reading = await openStream(`${agent.url}/api/events`)
  await reading.until(({ type }) => type === 'status')
  const { port } = new URL(agent.url)
  const stalled = connect({ port: Number(port), host: '127.0.0.1' })
  const closed = new Promise<void>((done) => stalled.once('close', () => done()))
  stalled.on('error', () => undefined)
  stalled.write(`GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  await new Promise((done) => stalled.once('data', done))
  stalled.pause()
  let slowest = 0
  for (let count = 1; count <= 1_000 && !stalled.closed; count++) {
    const sent = performance.now()
    const [changed] = await world.sync.query<{ revision: number }>(changeRun)
    await world.sync.query(`select pg_notify('meter_sync', $1)`, [JSON.stringify(notice)])
    await reading.until((event) => event.type === 'run' && event.data.revision === changed?.revision)
    slowest = Math.max(slowest, performance.now() - sent)
    if (agent.log.some(({ msg }) => msg.startsWith('an event stream was closed'))) break
  }
  assert.ok(agent.log.some(({ msg }) => msg.startsWith('an event stream was closed')))
  assert.ok(slowest < 2_000, `the slowest event took ${slowest} ms`)
  stalled.resume()
  await closed
  assert.equal((await agent.sync()).status, 'succeeded')
})

test('an invalid notification, or one of another program, has no effect', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  for (const payload of [
    '',
    'no json',
    '{"type":"run"}',
    '[]',
    '{"type":"run","runId":"x","clientSystemId":"other","revision":1,"ended":true}',
  ]) {
    await world.sync.query('select pg_notify($1, $2)', ['meter_sync', payload])
  }
  const run = await agent.sync()
  assert.equal(run.status, 'succeeded')
  assert.deepEqual(
    agent.log.filter(({ level }) => level === 'error'),
    [],
  )
})
