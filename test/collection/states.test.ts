import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import type { Collection, CollectionState, Meter } from '../../src/wire/types.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld, type Database, eventually, type TestAgent } from '../support/world.ts'

/** Stores a reading of each meter as a collector does that writes SQL, so many minutes old. */
async function collect(sync: Database, ages: Record<string, number>): Promise<void> {
  await sync.query(
    `insert into sync.meter_reading (meter_id, quantity, read_at, value)
     select m.id, 'energy', now() - make_interval(secs => age::float8 * 60), 1
     from jsonb_each_text($1) a (external_id, age)
     join sync.meter m using (external_id)`,
    [JSON.stringify(ages)],
  )
}

async function collectionOf(agent: TestAgent): Promise<Collection> {
  const { status, body } = await agent.api<Collection>('/api/collection')
  assert.equal(status, 200)
  return body
}

/** The external ids of the meters in this state, as the list of meters filters them. */
async function listIn(agent: TestAgent, state: CollectionState): Promise<string[]> {
  const { body } = await agent.api<{ meters: Meter[]; total: number }>(`/api/meters?collection=${state}`)
  assert.equal(body.total, body.meters.length)
  for (const { collection } of body.meters) assert.equal(collection, state)
  return body.meters.map(({ externalId }) => externalId)
}

test('R6.1: a meter is reporting, late, silent or never reported by the time of its last reading, whatever program stored it', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 9)
  await world.source.query(`
    alter table meter add column reading_interval interval;
    update meter set reading_interval = '15 minutes' where external_id in (2, 4);
    update meter set active = false where external_id in (7, 8, 9)`)
  const agent = await world.agent({ READING_INTERVAL_MINUTES: '30' })
  await agent.settled()
  const { meters, newestReadingAt, readingIntervalMinutes } = await collectionOf(agent)
  assert.deepEqual(meters, { reporting: 0, late: 0, silent: 0, never: 6, stillReporting: 0, quiet: 3 })
  assert.deepEqual([newestReadingAt, readingIntervalMinutes], [null, 30])

  // Two and six intervals: 60 and 180 minutes, for meters 2 and 4 half as long.
  await collect(world.sync, { 1: 59.5, 2: 30.5, 3: 60.5, 4: 90.5, 5: 180.5, 7: 59.5, 8: 60.5 })
  assert.deepEqual(await listIn(agent, 'reporting'), ['1'])
  assert.deepEqual(await listIn(agent, 'late'), ['2', '3'])
  assert.deepEqual(await listIn(agent, 'silent'), ['4', '5'])
  assert.deepEqual(await listIn(agent, 'never'), ['6'])
  assert.deepEqual(await listIn(agent, 'stillReporting'), ['7'])
  assert.deepEqual(await listIn(agent, 'quiet'), ['8', '9'])
  const now = await collectionOf(agent)
  assert.deepEqual(now.meters, { reporting: 1, late: 2, silent: 2, never: 1, stillReporting: 1, quiet: 2 })
  assert.ok(Math.abs(Date.parse(now.at) - Date.parse(now.newestReadingAt ?? '') - 30.5 * 60_000) < 20_000)
  const { body } = await agent.api<{ meters: Meter[] }>('/api/meters')
  assert.deepEqual(
    body.meters.slice(0, 2).map((meter) => meter.readingIntervalMinutes),
    [30, 15],
  )

  // No reading is looked at: the table may even be locked.
  const release = await world.sync.hold('begin; lock table sync.meter_reading in access exclusive mode')
  assert.deepEqual((await collectionOf(agent)).meters, now.meters)
  await release()

  // One that arrives late changes nothing; a newer one, of whatever quantity and by whichever way, does.
  await collect(world.sync, { 1: 500, 5: 400 })
  assert.deepEqual((await collectionOf(agent)).meters, now.meters)
  const posted = { externalId: '5', quantity: 'power', value: 1, readAt: new Date().toISOString() }
  await agent.api('/api/readings', { method: 'POST', body: JSON.stringify([posted]) })
  assert.deepEqual(await listIn(agent, 'silent'), ['4'])
})

test('a meter becomes late and then silent as time passes', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 2)
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: 'select m.*, 3 / 60.0 as reading_interval from meter m' })
  await agent.settled()
  const seen = new Set<string>()
  await collect(world.sync, { 1: 4 / 60, 2: 16 / 60 })
  await eventually(async () => {
    const { body } = await agent.api<{ meters: Meter[] }>('/api/meters')
    seen.add(body.meters.map(({ collection }) => collection).join())
    return seen.has('late,silent')
  })
  assert.ok(seen.has('reporting,late'), [...seen].join(' '))
})

test('a reading with a future time counts as read at its arrival', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 3)
  const agent = await world.agent()
  await agent.settled()
  await world.sync.query(`
    insert into sync.meter_reading (meter_id, quantity, read_at, value)
    select id, 'energy', case external_id when '1' then 'infinity' when '2' then now() + interval '9 days' else '-infinity' end, 1
    from sync.meter`)
  const { meters, at, newestReadingAt } = await collectionOf(agent)
  assert.deepEqual([meters.reporting, meters.silent], [2, 1])
  assert.ok((newestReadingAt ?? '') <= at, `${newestReadingAt} is after ${at}`)
})

test('a run updates the states from the columns of the Client System', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 5)
  await world.source.query('alter table meter add column reading_interval text')
  const agent = await world.agent()
  await agent.settled()
  await collect(world.sync, { 1: 10, 2: 90, 3: 90, 4: 90, 5: 90 })
  assert.deepEqual((await collectionOf(agent)).meters.reporting, 5)
  await world.source.query(`
    update meter set active = false where external_id = 1;
    update meter set reading_interval = '14 minutes' where external_id = 2;
    update meter set reading_interval = '40' where external_id = 3;
    delete from meter where external_id = 4`)
  await agent.sync()
  await eventually(async () => (await collectionOf(agent)).meters.silent === 1)
  assert.deepEqual(await listIn(agent, 'stillReporting'), ['1', '4'])
  assert.deepEqual(await listIn(agent, 'silent'), ['2'])
  assert.deepEqual(await listIn(agent, 'late'), ['3'])
  assert.deepEqual((await collectionOf(agent)).meters, {
    reporting: 1,
    late: 1,
    silent: 1,
    never: 0,
    stillReporting: 2,
    quiet: 0,
  })
  await agent.stop()
  // Another interval changes no meter. The full read at the start corrects the states of all.
  const shorter = await world.agent({ READING_INTERVAL_MINUTES: '5' })
  await shorter.settled()
  await eventually(async () => (await listIn(shorter, 'silent')).length === 2)
  assert.deepEqual(await listIn(shorter, 'silent'), ['2', '5'])
  await shorter.stop()
  const other = await world.agent({
    READING_INTERVAL_MINUTES: '5',
    CLIENT_SYSTEM_QUERY: 'select external_id, name from meter',
  })
  await other.settled()
  await eventually(async () => (await listIn(other, 'silent')).length === 3)
})

test('R6.1: readings from a role that may only insert update the states too', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 1)
  const agent = await world.agent()
  await agent.settled()
  const role = `collector_${world.sync.name}`
  await world.sync.query(`
    create role ${role} login password 'collector';
    grant usage on schema sync to ${role};
    grant select (id, external_id) on sync.meter to ${role};
    grant insert on sync.meter_reading to ${role}`)
  world.after(() => world.sync.query(`drop owned by ${role}; drop role ${role}`))
  const url = new URL(world.sync.url)
  url.username = role
  url.password = 'collector'
  const collector = new pg.Client(url.href)
  await collector.connect()
  try {
    await assert.rejects(collector.query('select from sync.meter_collection'), { code: '42501' })
    await collector.query(
      `insert into sync.meter_reading (meter_id, quantity, read_at, value)
       select id, 'energy', now(), 1 from sync.meter where external_id = '1'`,
    )
  } finally {
    await collector.end()
  }
  assert.deepEqual(await listIn(agent, 'reporting'), ['1'])
})

test('an expected interval is a number of minutes or an interval; any other value counts as missing', async (t) => {
  const world = await createWorld(t)
  const intervals: [unknown, number | null][] = [
    [15, 900],
    [0.25, 15],
    ['15', 900],
    [' 60 ', 3_600],
    ['00:15:00', 900],
    ['1 day 02:00:00', 93_600],
    ['15 minutes', 900],
    ['1 hour 30 mins', 5_400],
    ['7 days', 604_800],
    [0, null],
    [-5, null],
    ['', null],
    [null, null],
    ['soon', null],
    ['15 parsecs', null],
    [1e9, null],
    ['99:99:99', null],
    [[15], null],
  ]
  const rows = await world.sync.query<{ seconds: number | null }>(
    `select sync.reading_interval_seconds(jsonb_build_object('reading_interval', value)) as seconds
     from jsonb_array_elements($1) with ordinality given (value, at)
     order by at`,
    [JSON.stringify(intervals.map(([value]) => value))],
  )
  assert.deepEqual(
    rows.map(({ seconds }, at) => [intervals[at]?.[0], seconds]),
    intervals,
  )
  const [absent] = await world.sync.query(`select sync.reading_interval_seconds('{"other": 15}') as seconds`)
  assert.equal(absent?.seconds, null)
})
