import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Run } from '../../src/events.ts'
import { createMeters } from '../support/meters.ts'
import { assertCounts, compareBothSides, failed, rowVersions } from '../support/mirror.ts'
import { createWorld, eventually } from '../support/world.ts'

function assertNarrow(run: Run): void {
  assert.equal(run.readMode, 'narrow', run.readReason ?? JSON.stringify(run.error))
  assert.ok(run.proof)
}

test('a query whose filter or join keeps rows out that cannot be read is narrowed as it is read in full', async (t) => {
  const world = await createWorld(t)
  await world.source.query(`
    create table device (code text, name text, type int);
    create table device_type (id int primary key, meter boolean);
    create function is_meter(type int) returns boolean language plpgsql immutable as 'begin return type = 1; end';
    insert into device_type values (1, true), (2, false);
    insert into device select id, 'Meter ' || id, 1 from generate_series(1, 200) id;
    insert into device values ('no number', 'A printer', 2);
    analyze device`)
  const queries = [
    'select code::bigint as external_id, name from device where is_meter(type)',
    'select d.code::bigint as external_id, d.name from device d join device_type t on t.id = d.type where t.meter',
  ]
  for (const [at, query] of queries.entries()) {
    const agent = await world.agent({ CLIENT_SYSTEM_ID: `system-${at}`, CLIENT_SYSTEM_QUERY: query })
    assertCounts(await agent.settled(), { read: 200, inserted: 200 })
    await world.source.query(`update device set name = name || '!' where code = '7'`)
    const run = await agent.sync()
    assertCounts(run, { read: 200, updated: 1 })
    assertNarrow(run)
  }
})

test('a value that is larger as it is stored than as text is hashed all the same, and its changes are found', async (t) => {
  const world = await createWorld(t)
  await world.source.query(`
    create table meter (external_id int primary key, name text, list float8[]);
    alter table meter alter list set storage external;
    insert into meter select id, 'Meter ' || id, '{1}' from generate_series(1, 20) id;
    update meter set list = array_fill(1, array[1100000]) where external_id = 7`)
  const agent = await world.agent()
  assertCounts(await agent.settled(), { read: 20, inserted: 20 })
  await world.source.query(`update meter set name = 'Renamed' where external_id = 7`)
  const run = await agent.sync()
  assertCounts(run, { read: 20, updated: 1 })
  assertNarrow(run)
})

test('a value that is small as it is stored and too large for jsonb is rejected by a narrow read as by a full one', async (t) => {
  const world = await createWorld(t)
  await world.source.query(`
    create table meter (external_id int primary key, name text, list text[]);
    insert into meter select id, 'Meter ' || id, '{1}' from generate_series(1, 20) id`)
  const agent = await world.agent()
  await agent.settled()
  const before = await rowVersions(world.sync)
  await world.source.query(`update meter set list = array[repeat('x', 270000000)] where external_id = 7`)
  const run = await agent.sync()
  assertCounts(run, { read: 20, rejected: 1 })
  assertNarrow(run)
  assertCounts(await agent.sync({ full: true }), { read: 20, rejected: 1 })
  assert.deepEqual(await rowVersions(world.sync), before)
})

test('what a lenient collation takes for true is another value all the same', async (t) => {
  const world = await createWorld(t)
  await world.source.query(`
    create collation lenient (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
    create table meter (external_id text collate lenient, name text collate lenient, active text collate lenient, note text collate lenient);
    insert into meter select 'm' || id, 'e', 'true', 'e' from generate_series(1, 20) id`)
  const agent = await world.agent()
  assertCounts(await agent.settled(), { read: 20, inserted: 20 })
  await world.source.query(`update meter set active = 'trüe' where external_id = 'm7'`)
  const rejected = await agent.sync()
  assertCounts(rejected, { read: 20, rejected: 1 })
  assertNarrow(rejected)
  await world.source.query(`update meter set active = 'true', note = 'é' where external_id = 'm7'`)
  assertCounts(await agent.sync(), { read: 20, updated: 1 })
  await world.source.query(`update meter set name = 'É' where external_id = 'm7'`)
  assertCounts(await agent.sync(), { read: 20, updated: 1 })
})

test('a source that computes long and answers little at once is waited for, as when it answers all', async (t) => {
  const world = await createWorld(t)
  await world.source.query(`
    create table meter (external_id int primary key, name text);
    insert into meter select id, 'Meter ' || id || repeat('.', 12000) from generate_series(1, 60) id;
    create function slowly(id int) returns boolean language plpgsql as
    'begin perform pg_sleep(0.1); return true; end'`)
  const agent = await world.agent({
    READ_IDLE_SECONDS: '3',
    CLIENT_SYSTEM_QUERY: 'select * from meter where slowly(external_id)',
  })
  assertCounts(await agent.settled(), { read: 60, inserted: 60 })
  await world.source.query(`update meter set name = name || '!' where external_id in (1, 2, 60)`)
  await world.source.query('cluster meter using meter_pkey')
  const run = await agent.sync()
  assertCounts(run, { read: 60, updated: 3 })
  assertNarrow(run)
})

test('a query that never answers twice alike fails no run but the narrow one: the next is full', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 200)
  const agent = await world.agent({
    CLIENT_SYSTEM_QUERY: `select external_id, name || case when external_id % 3 = 0 then random() else 0 end as name from meter`,
  })
  assertCounts(await agent.settled(), { read: 200, inserted: 200 })
  for (let at = 0; at < 2; at++) {
    assert.equal(failed(await agent.sync()).code, 'proof_failed')
    const full = await agent.sync()
    assertCounts(full, { read: 200, updated: 66 })
    assert.match(full.readReason ?? '', /failed with proof_failed/)
  }
})

test('a meter that somebody changes here while a run writes others is put right by the next run', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 300)
  const agent = await world.agent()
  await agent.settled()
  const { unequal } = await compareBothSides(world)
  for (const full of [false, true]) {
    await world.source.query(`
      update meter set name = name || '!' where external_id in (17, 18);
      delete from meter where external_id = (select min(external_id) from meter where external_id > 200);
      insert into meter (external_id, name) select 1 + max(external_id), 'New' from meter`)
    const release = await world.sync.hold(`begin; select from sync.meter where external_id = '17' for update`)
    const running = agent.sync({ full })
    await eventually(async () => {
      const [waiting] = await world.sync.query(`
        select from pg_stat_activity where wait_event_type = 'Lock' and query like '%update sync.meter%'
          and datname = current_database() and pid <> pg_backend_pid()`)
      return waiting
    })
    await world.sync.query(`update sync.meter set name = 'Forged' where external_id = '5'`)
    await release()
    const run = await running
    assert.equal(run.readMode, full ? 'full' : 'narrow')
    assertCounts(run, { inserted: 1, updated: 2, deleted: 1 })
    const next = await agent.sync()
    assertCounts(next, { updated: 1 })
    assert.match(next.readReason ?? '', /changed here by someone else/)
    assert.deepEqual(await unequal(), [])
    assertNarrow(await agent.sync())
  }
})
