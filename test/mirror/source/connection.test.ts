import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { requireSupported } from '../../../src/mirror/source/statements.ts'
import type { Problem } from '../../../src/wire/types.ts'
import { createEncoded } from '../../support/encodings.ts'
import { createGate, createMeters } from '../../support/meters.ts'
import { assertCounts, failed, rowVersions } from '../../support/mirror.ts'
import { type Fault, openProxy } from '../../support/proxy.ts'
import { certificate, findClosedPort, listen, startSilentServer, startTlsServer } from '../../support/servers.ts'
import { createWorld, eventually, findLogged, type TestAgent, type World } from '../../support/world.ts'

/** Everything that people, programs and other sessions can read of an agent. */
async function readEverythingShown(agent: TestAgent, { sync }: World): Promise<string> {
  const tables = await sync.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('sync', 'pgboss', 'drizzle')`,
  )
  const rows = await Promise.all(tables.map(({ name }) => sync.query(`select t::text from ${name} t`)))
  const routes = ['/api/status', '/api/runs', '/metrics', '/readyz']
  const answers = await Promise.all(routes.map(async (path) => (await agent.api(path)).body))
  return JSON.stringify([agent.log, rows, answers])
}

suite('a Client System that fails', { concurrency: true }, () => {
  test('the Client System ends a session that the agent lost, and its snapshot', async (t) => {
    const world = await createWorld(t)
    await world.source.query(
      `create table meter as select 1 as external_id, 'One' as name, current_setting('tcp_keepalives_idle') as keepalive`,
    )
    await using proxy = await openProxy(world.source.url)
    const query = `select external_id, name, current_setting('tcp_keepalives_idle') || ' ' || current_setting('tcp_keepalives_count') as unit from meter`
    const agent = await world.agent({
      CLIENT_SYSTEM_URL: proxy.url,
      CLIENT_SYSTEM_QUERY: query,
      RUN_TIMEOUT_SECONDS: '8',
    })
    await agent.settled()
    assert.deepEqual(await world.sync.query('select unit from sync.meter'), [{ unit: '10 3' }])
    proxy.freezeAfter = /^Q....copy \(/s
    await agent.api('/api/sync', { method: 'POST' })
    const sessions = `select 1 from pg_stat_activity where application_name = 'meter-sync-agent' and datname = current_database()`
    await eventually(async () => proxy.frozen === 1 && (await world.source.query(sessions)).length === 1)
    await eventually(async () => (await world.source.query(sessions)).length === 0, 15_000)
  })

  test('F1, F2, F29: an unreachable server, an untrusted one and a refused login have their own codes, without a secret', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source)
    const directory = await mkdtemp(join(tmpdir(), 'meter-sync-source-'))
    t.after(() => rm(directory, { recursive: true }))
    const authority = join(directory, 'ca.pem')
    await writeFile(authority, certificate)
    const tlsPort = await startTlsServer(t)
    const { host, port } = new URL(world.source.url)
    const closed = await findClosedPort()
    const as = (place: string) => `postgres://reader:S3cret%40p%2Fw@${place}`
    const database = world.source.name
    const cases: [code: string, url: string, expected: RegExp][] = [
      ['source_unreachable', as(`127.0.0.1:${closed}/${database}`), /ECONNREFUSED/],
      ['source_unreachable', as(`nowhere.invalid/${database}`), /nowhere\.invalid/],
      ['source_unreachable', world.source.url.replace(database, 'no_such_database'), /no_such_database/],
      ['source_auth', as(`${host}/${database}`), /password authentication failed/],
      ['source_auth', `postgres://postgres@${host}/${database}`, /password/],
      ['source_tls', as(`127.0.0.1:${port}/${database}?sslmode=verify-full`), /SSL/],
      ['source_tls', as(`127.0.0.1:${tlsPort}/${database}?sslmode=verify-full`), /self-signed/],
      [
        'source_tls',
        as(`localhost:${tlsPort}/${database}?sslmode=verify-full&sslrootcert=${authority}`),
        /other\.example/,
      ],
      ['source_tls', as(`127.0.0.1:${tlsPort}/${database}?sslmode=require`), /self-signed/],
    ]
    for (const [code, url, expected] of cases) {
      const began = performance.now()
      const agent = await world.agent({ CLIENT_SYSTEM_URL: url })
      const error = failed(await agent.settled())
      assert.equal(error.code, code, `${url}: ${error.message}`)
      assert.match(error.message, expected)
      assert.match(error.message, /Client System/)
      assert.ok(error.hint)
      assert.ok(performance.now() - began < 10_000)
      await findLogged(agent, 'meter sync failed')
      const shown = await readEverythingShown(agent, world)
      assert.ok(shown.includes(code))
      assert.doesNotMatch(shown, /S3cret/)
      const { password } = new URL(world.source.url)
      assert.ok(!shown.includes(password))
      await agent.stop()
    }
    assert.deepEqual(await rowVersions(world.sync), [])
    const agent = await world.agent()
    assertCounts(await agent.settled(), { read: 3, inserted: 3 })
  })

  test('CLIENT_SYSTEM_INSECURE with sslmode=require encrypts without verifying the certificate', async (t) => {
    const world = await createWorld(t)
    const url = `postgres://u:p@localhost:${await startTlsServer(t)}/meters?sslmode=require`
    const errorOf = async (CLIENT_SYSTEM_INSECURE: string) => {
      const agent = await world.agent({ ROLE: 'api', CLIENT_SYSTEM_URL: url, CLIENT_SYSTEM_INSECURE })
      const { body } = await agent.api<Problem>('/api/preview', { method: 'POST' })
      await agent.stop()
      return `${body.code}: ${body.detail}`
    }
    assert.match(await errorOf('false'), /^source_tls: .*self-signed/)
    assert.match(await errorOf('true'), /^source_auth: .*password authentication failed/)
  })

  test('F4: silence while connecting ends the run within 10 s', async (t) => {
    const world = await createWorld(t)
    const silent = await startSilentServer(t)
    const agent = await world.agent({ CLIENT_SYSTEM_URL: silent.url })
    const run = await agent.settled()
    const error = failed(run)
    assert.equal(error.code, 'source_timeout')
    assert.match(error.message, /connecting/)
    const took = Date.parse(run.finishedAt ?? '') - Date.parse(run.startedAt ?? '')
    assert.ok(took > 9_000 && took < 13_000, `${took} ms`)
    await eventually(async () => silent.open() === 0)
  })

  test('F5: a run that reaches its time limit while connecting ends as timeout', async (t) => {
    const world = await createWorld(t)
    const silent = await startSilentServer(t)
    const agent = await world.agent({ CLIENT_SYSTEM_URL: silent.url, RUN_TIMEOUT_SECONDS: '1' })
    assert.equal(failed(await agent.settled()).code, 'timeout')
    await eventually(async () => silent.open() === 0)
  })

  test('F1, F3, F4, F5, I4, I12: a connection that is cut, reset, silent or slow leaves every meter as it was', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source, 3_000)
    await using proxy = await openProxy(world.source.url)
    const environment = {
      CLIENT_SYSTEM_URL: proxy.url,
      READ_START_SECONDS: '1',
      READ_IDLE_SECONDS: '1',
    }
    const agent = await world.agent(environment)
    assertCounts(await agent.settled(), { read: 3_000, inserted: 3_000 })
    const healthy = await agent.sync({ full: true })
    const before = await rowVersions(world.sync)
    await world.source.query(`update meter set name = 'Changed'; delete from meter where external_id = 1`)
    const whole = proxy.sent
    // Each row is a message of its own with five bytes before it; a little begins and ends the answer.
    const copying = whole - (healthy.bytesRead ?? 0) - 5 * 3_000 - 100
    const broken = async (fault: Fault) => {
      proxy.fault = fault
      const run = await agent.sync({ full: true })
      const error = failed(run)
      assert.deepEqual(await rowVersions(world.sync), before, JSON.stringify(fault))
      await eventually(async () => proxy.open() === 0)
      return { ...error, took: Date.parse(run.finishedAt ?? '') - Date.parse(run.startedAt ?? '') }
    }

    const steps = 16
    for (let step = 0; step < steps; step++) {
      const after = Math.floor((step * (whole - 500)) / steps)
      const error = await broken({ after, kind: step % 2 === 0 ? 'cut' : 'reset' })
      assert.equal(error.code, step === 0 ? 'source_unreachable' : 'source_lost', `${step}: ${error.message}`)
    }
    for (const after of [copying - 1_000, copying - 100]) {
      assert.equal((await broken({ after, kind: 'cut' })).code, 'source_lost', 'while describing')
    }

    for (const after of [copying - 1_000, copying + 43, Math.floor(whole / 2)]) {
      const reading = after === Math.floor(whole / 2)
      const { code, hint, took } = await broken({ after, kind: 'hold' })
      assert.equal(code, 'source_timeout')
      assert.match(hint ?? '', reading ? /READ_IDLE_SECONDS/ : /READ_START_SECONDS/)
      assert.ok(took >= 1_000 && took < 9_000, `${took} ms`)
    }

    proxy.fault = null
    assertCounts(await agent.sync({ full: true }), { read: 2_999, updated: 2_999, deleted: 1 })

    // The same where a run asks for digests, for hashes, and for the few meters that differ.
    await world.source.query(`update meter set name = 'Other' where external_id % 100 = 0`)
    const narrow = await agent.sync()
    assertCounts(narrow, { read: 2_999, updated: 30 })
    assert.equal(narrow.readMode, 'narrow')
    // Its successors ask for finer digests, and answer fewer bytes.
    await world.source.query(`update meter set name = 'Once more' where external_id % 100 = 0`)
    await agent.sync()
    await world.source.query(`update meter set name = 'Another' where external_id % 100 = 0`)
    const settled = await rowVersions(world.sync)
    const answered = proxy.sent
    for (let step = 1; step <= steps; step++) {
      proxy.fault = { after: Math.floor((step * (answered - 100)) / steps), kind: step % 2 === 0 ? 'cut' : 'reset' }
      const { code, message } = failed(await agent.sync())
      assert.equal(code, 'source_lost', `${step}: ${message}`)
      assert.deepEqual(await rowVersions(world.sync), settled)
    }
    proxy.fault = { after: answered - 1_000, kind: 'hold' }
    assert.equal(failed(await agent.sync()).code, 'source_timeout')
    assert.deepEqual(await rowVersions(world.sync), settled)
    await eventually(async () => proxy.open() === 0)
    proxy.fault = null
    assertCounts(await agent.sync(), { read: 2_999, updated: 30 })
    await agent.stop()

    const applied = await rowVersions(world.sync)
    await world.source.query(`update meter set name = 'Changed again'`)
    proxy.fault = { after: Math.floor(whole / 2), kind: 'trickle' }
    const impatient = await world.agent({ ...environment, RUN_TIMEOUT_SECONDS: '3' })
    const error = failed(await impatient.settled())
    assert.equal(error.code, 'timeout', error.message)
    assert.match(error.hint ?? '', /RUN_TIMEOUT_SECONDS/)
    assert.deepEqual(await rowVersions(world.sync), applied)
    await eventually(async () => proxy.open() === 0)
  })

  test('F3: a query that the Client System terminates is a lost connection; one that fails on a row is an error of the query', async (t) => {
    const world = await createWorld(t)
    await createMeters(world.source, 300)
    const gate = await createGate(world.source)
    const agent = await world.agent({ CLIENT_SYSTEM_QUERY: `${gate.query} and 1 / (m.external_id - 250) is not null` })
    const divided = failed(await agent.settled())
    assert.equal(divided.code, 'source_query')
    assert.match(divided.message, /division by zero/)
    assert.deepEqual(await rowVersions(world.sync), [])
    await world.source.query('delete from meter where external_id = 250')
    assertCounts(await agent.sync(), { read: 299, inserted: 299 })

    const waiting = `select pid from pg_stat_activity where application_name = 'meter-sync-agent' and datname = current_database()`
    for (const end of ['pg_terminate_backend', 'pg_cancel_backend']) {
      const open = await gate.close()
      const running = agent.sync()
      await gate.untilReached()
      await world.source.query(`select ${end}(pid) from (${waiting}) as waiting`)
      assert.equal(failed(await running).code, 'source_lost', end)
      await open()
    }
    assertCounts(await agent.sync(), { read: 299 })
  })

  test('F10: bytes that are not valid text fail the run with their own code', async (t) => {
    const world = await createWorld(t)
    const database = await createEncoded(world, world.source, 'SQL_ASCII')
    const agent = await world.agent({
      CLIENT_SYSTEM_URL: database.url,
      CLIENT_SYSTEM_QUERY: String.raw`select 'Z' as external_id, convert_from('\x5ae46e'::bytea, 'SQL_ASCII') as name`,
    })
    const error = failed(await agent.settled())
    assert.equal(error.code, 'source_data', error.message)
    assert.ok(error.hint)
    await agent.stop()
    const other = await world.agent({
      CLIENT_SYSTEM_URL: database.url,
      CLIENT_SYSTEM_QUERY: String.raw`select 'Z' as external_id, 'ok' as name, convert_from('\x5ae46e'::bytea, 'SQL_ASCII') as note`,
    })
    assert.equal(failed(await other.settled()).code, 'source_data', 'in an attribute')
    await other.stop()
    const fine = await world.agent({
      CLIENT_SYSTEM_URL: database.url,
      CLIENT_SYSTEM_QUERY: `select 'Z' as external_id, 'Zähler' as name, 'ü' as note`,
    })
    assertCounts(await fine.settled(), { read: 1, inserted: 1 })
    await fine.stop()
  })
})

test('the proxy of these tests passes exactly the given number of bytes', async (t) => {
  const server = createServer((socket) => socket.end(Buffer.alloc(10_000, 'x')))
  await using proxy = await openProxy(`tcp://127.0.0.1:${await listen(t, server)}`)
  proxy.fault = { after: 1_234, kind: 'cut' }
  const received = await new Promise<number>((done) => {
    let bytes = 0
    connect(Number(new URL(proxy.url).port), '127.0.0.1')
      .on('data', (chunk) => {
        bytes += chunk.length
      })
      .on('close', () => done(bytes))
  })
  assert.equal(received, 1_234)
})

test('R8.14: a Client System before PostgreSQL 14 is refused with its version', () => {
  assert.doesNotThrow(() => requireSupported(140_000, 'Client System'))
  const refusal = { code: 'source_query', message: 'Main runs PostgreSQL 13; the agent needs PostgreSQL 14 or later' }
  assert.throws(() => requireSupported(130_014, 'Main'), refusal)
  assert.throws(() => requireSupported(90_624, 'Main'), { code: 'source_query' })
})
