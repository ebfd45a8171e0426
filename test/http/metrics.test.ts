import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { finishedStatuses, triggers } from '../../src/wire/lists.ts'
import { type Family, parseExposition, readingOf } from '../support/exposition.ts'
import { createMeters } from '../support/meters.ts'
import { openStream } from '../support/stream.ts'
import { createWorld, eventually, type TestAgent } from '../support/world.ts'

const read = async (agent: TestAgent) => parseExposition((await agent.api<string>('/metrics')).body)

const reading = (externalId: string) =>
  JSON.stringify([{ externalId, quantity: 'energy', value: 1, readAt: '2026-01-31T12:00:00Z' }])

/** Every metric with its labels; a metric of one Client System has its id. */
const promised: [name: string, type: Family['type'], labels: string[]][] = [
  ['meter_sync_runs_total', 'counter', ['client_system', 'status', 'trigger']],
  ['meter_sync_run_duration_seconds', 'histogram', ['client_system']],
  ['meter_sync_changes_total', 'counter', ['client_system', 'operation']],
  ['meter_sync_readings_total', 'counter', ['outcome']],
  ['meter_sync_last_success_timestamp_seconds', 'gauge', ['client_system']],
  ['meter_sync_active_runs', 'gauge', ['client_system']],
  ['meter_sync_withheld_deletes', 'gauge', ['client_system']],
  ['meter_sync_kept_deletes', 'gauge', ['client_system']],
  ['meter_sync_meters', 'gauge', ['client_system', 'state']],
  ['meter_sync_waiting_readings', 'gauge', ['client_system']],
  ['meter_sync_newest_reading_timestamp_seconds', 'gauge', ['client_system']],
  ['meter_sync_collection_meters', 'gauge', ['client_system', 'state']],
  ['meter_sync_event_streams', 'gauge', []],
  ['meter_sync_listener_connected', 'gauge', []],
]

test('R7.13: every documented metric exists with its type and labels, and no other exists', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  await agent.sync()
  await agent.api('/api/readings', { method: 'POST', body: reading('1') })
  const { headers } = await agent.api('/metrics')
  assert.equal(headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  const families = await eventually(async () => {
    const found = await read(agent)
    return (found.get('meter_sync_runs_total')?.samples.length ?? 0) > 0 ? found : null
  })
  const exposed = [...families.values()].map(({ name, type, samples }): (typeof promised)[number] => {
    const [labels = '', ...others] = new Set(
      samples.map((sample) =>
        JSON.stringify(
          Object.keys(sample.labels)
            .filter((one) => one !== 'le')
            .toSorted(),
        ),
      ),
    )
    assert.deepEqual(others, [], `${name} has the same labels throughout`)
    return [name, type, JSON.parse(labels)]
  })
  assert.deepEqual(exposed, promised)
  for (const { help } of families.values()) assert.ok(help.length > 10)
})

test('the parser of these tests rejects an invalid exposition', () => {
  const good = '# HELP a Of a\n# TYPE a gauge\na{x="1 \\" \\n"} 1\n'
  assert.equal(readingOf(parseExposition(good), 'a', { x: '1 " \n' }), 1)
  const histogram = (lines: string) => `# HELP h Of h\n# TYPE h histogram\n${lines}\n`
  parseExposition(histogram('h_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count 2'))
  for (const bad of [
    good.trimEnd(),
    good.replace('# HELP a Of a\n', ''),
    good.replace('gauge', 'thing'),
    good.replace('gauge', 'counter'),
    good.replace('"} 1', '} 1'),
    good.replace('} 1', '} one'),
    `${good}b 1\n`,
    `${good}a{x="1 \\" \\n"} 2\n`,
    good + good,
    histogram('h_bucket{le="1"} 3\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count 2'),
    histogram('h_bucket{le="1"} 1\nh_sum 3\nh_count 1'),
    histogram('h_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count 3'),
  ]) {
    assert.throws(() => parseExposition(bad), bad)
  }
})

test('metrics cover runs, changes, meters, streams and the listener, in the exposition format', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 50)
  const agent = await world.agent()
  await agent.settled()
  await eventually(async () => readingOf(await read(agent), 'meter_sync_listener_connected') === 1)
  const before = await read(agent)
  await using stream = await openStream(`${agent.url}/api/events`)
  await stream.until(({ type }) => type === 'status')
  await world.source.query('delete from meter where external_id > 10')
  await world.source.query(`update meter set name = 'X' where external_id = 1`)
  const run = await agent.sync()
  await world.source.query('drop table meter')
  await agent.sync()
  await stream.until((event) => event.type === 'run' && event.data.status === 'failed')
  const after = await read(agent)
  const client_system = 'main'
  const now = (name: string, labels = {}) => readingOf(after, name, labels)
  const grown = (name: string, labels: Record<string, string>) =>
    readingOf(after, name, { client_system, ...labels }) - readingOf(before, name, { client_system, ...labels })
  assert.equal(grown('meter_sync_runs_total', { trigger: 'manual', status: 'succeeded' }), 1)
  assert.equal(grown('meter_sync_runs_total', { trigger: 'manual', status: 'failed' }), 1)
  assert.equal(grown('meter_sync_changes_total', { operation: 'updated' }), 1)
  assert.equal(grown('meter_sync_changes_total', { operation: 'withheld' }), 40)
  assert.equal(grown('meter_sync_run_duration_seconds_count', {}), 2)
  assert.equal(now('meter_sync_meters', { client_system, state: 'active' }), 50)
  assert.equal(now('meter_sync_meters', { client_system, state: 'inactive' }), 0)
  assert.equal(now('meter_sync_withheld_deletes', { client_system }), 40)
  assert.equal(now('meter_sync_active_runs', { client_system }), 0)
  assert.equal(now('meter_sync_event_streams'), 1)
  assert.equal(
    now('meter_sync_last_success_timestamp_seconds', { client_system }),
    Date.parse(run.finishedAt ?? '') / 1_000,
  )
})

test('metrics count the outcomes of readings, and the meters that report', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 3)
  const agent = await world.agent()
  await agent.settled()
  await agent.api('/api/readings', { method: 'POST', body: `${reading('1').slice(0, -1)},{}]` })
  await agent.api('/api/readings', { method: 'POST', body: reading('1').replace('"value":1', '"value":2') })
  await agent.api('/api/readings', { method: 'POST', body: reading('1') })
  const found = await read(agent)
  for (const outcome of ['stored', 'duplicate', 'conflict', 'rejected'])
    assert.equal(readingOf(found, 'meter_sync_readings_total', { outcome }), 1, outcome)
  const meters = (state: string) => readingOf(found, 'meter_sync_collection_meters', { client_system: 'main', state })
  assert.deepEqual([meters('silent'), meters('never'), meters('reporting')], [1, 2, 0])
  assert.equal(
    readingOf(found, 'meter_sync_newest_reading_timestamp_seconds', { client_system: 'main' }),
    Date.parse('2026-01-31T12:00:00Z') / 1_000,
  )
})

test('R7.13: every counter exists from the start, so that an increase shows the first failure', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api', CLIENT_SYSTEM_ID: 'north' })
  const found = await read(agent)
  for (const trigger of triggers) {
    for (const status of finishedStatuses) {
      assert.equal(readingOf(found, 'meter_sync_runs_total', { client_system: 'north', trigger, status }), 0)
    }
  }
  assert.equal(readingOf(found, 'meter_sync_changes_total', { client_system: 'north', operation: 'deleted' }), 0)
  assert.equal(readingOf(found, 'meter_sync_run_duration_seconds_count', { client_system: 'north' }), 0)
})

test('the alert on a long run fires before the timeout ends the run', () => {
  const rules = readFileSync(new URL('../../docs/deploy/alerts.yml', import.meta.url), 'utf8')
  const [, minutes] = /alert: MeterSyncRunLasts\n.*\n\s+for: (\d+)m\n/.exec(rules) ?? []
  const [, seconds] =
    /RUN_TIMEOUT_SECONDS=(\d+)/.exec(readFileSync(new URL('../../.env.example', import.meta.url), 'utf8')) ?? []
  assert.ok(Number(minutes) * 60 < Number(seconds))
})

test('metrics require the token when one is set', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api', AUTH_TOKEN: 'a-token-of-the-administrator' })
  assert.equal((await agent.api('/metrics')).status, 401)
  const headers = { authorization: 'Bearer a-token-of-the-administrator' }
  assert.equal((await agent.api('/metrics', { headers })).status, 200)
})
