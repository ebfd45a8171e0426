import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMeters } from './support/meters.ts'
import { openStream } from './support/stream.ts'
import { createWorld, eventually, type TestAgent } from './support/world.ts'

/** Reads the text exposition format strictly: a line that is none of its forms fails. */
function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>()
  const types = new Map<string, string>()
  const label = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"'
  const sample = new RegExp(
    `^([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{(?:${label}(?:,${label})*)?\\})? (-?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?|[+-]Inf|NaN)$`,
  )
  assert.ok(text.endsWith('\n'))
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [, name, type] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line) ?? []
    if (name !== undefined && type !== undefined) types.set(name, type)
    if (line.startsWith('# HELP ') || type !== undefined) continue
    const [, metric, labels = '', value] = sample.exec(line) ?? []
    assert.ok(metric !== undefined, `not of the format: ${line}`)
    assert.ok(types.has(metric.replace(/_(bucket|sum|count)$/, '')) || types.has(metric), `no type: ${line}`)
    assert.ok(!samples.has(metric + labels), `twice: ${line}`)
    samples.set(metric + labels, Number(value))
  }
  return samples
}

const read = async (agent: TestAgent) => parse((await agent.api<string>('/metrics')).body)

test('metrics tell runs, changes, meters, streams and the listener, in the exposition format', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 50)
  const agent = await world.agent()
  await agent.settled()
  await eventually(async () => (await read(agent)).get('meter_sync_listener_connected') === 1)
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
  const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0)
  assert.equal(grown('meter_sync_runs_total{client_system="main",trigger="manual",status="succeeded"}'), 1)
  assert.equal(grown('meter_sync_runs_total{client_system="main",trigger="manual",status="failed"}'), 1)
  assert.equal(grown('meter_sync_changes_total{client_system="main",operation="updated"}'), 1)
  assert.equal(grown('meter_sync_changes_total{client_system="main",operation="withheld"}'), 40)
  assert.equal(grown('meter_sync_run_duration_seconds_count{client_system="main",status="succeeded"}'), 1)
  assert.equal(after.get('meter_sync_meters{client_system="main",state="active"}'), 50)
  assert.equal(after.get('meter_sync_meters{client_system="main",state="inactive"}'), 0)
  assert.equal(after.get('meter_sync_withheld_deletes{client_system="main"}'), 40)
  assert.equal(after.get('meter_sync_active_runs{client_system="main"}'), 0)
  assert.equal(after.get('meter_sync_event_streams'), 1)
  assert.equal(
    after.get('meter_sync_last_success_timestamp_seconds{client_system="main"}'),
    Date.parse(run.finishedAt ?? '') / 1_000,
  )
})

test('metrics want the token where one is set', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ ROLE: 'api', AUTH_TOKEN: 'a-token-of-the-administrator' })
  assert.equal((await agent.api('/metrics')).status, 401)
  const headers = { authorization: 'Bearer a-token-of-the-administrator' }
  assert.equal((await agent.api('/metrics', { headers })).status, 200)
})
