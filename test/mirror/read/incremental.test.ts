import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Change, Rejected } from '../../../src/wire/types.ts'
import { createMeters } from '../../support/meters.ts'
import {
  assertCounts,
  assertRead,
  compareBothSides,
  counted,
  failed,
  rowVersions,
  startMirror,
} from '../../support/mirror.ts'
import { createWorld, eventually } from '../../support/world.ts'

test('R5.11: a run without a change reads only digests, and proves with them that both sides are equal', async (t) => {
  const { world, agent } = await startMirror(t, 5_000)
  const first = (await agent.status()).clientSystems[0]?.lastRun
  const before = await rowVersions(world.sync)
  const run = await agent.sync()
  assertCounts(run, { read: 5_000 })
  assertRead(run, 'narrow')
  assert.deepEqual(run.proof, first?.proof)
  assert.equal(run.proof?.rows, 5_000)
  assert.ok((run.bytesRead ?? 0) < 128 * 34 + 100, `${run.bytesRead} bytes`)
  assert.deepEqual(await rowVersions(world.sync), before)
})

test('an incremental run reads the rows that differ, and no others', async (t) => {
  const { world, agent } = await startMirror(t, 5_000)
  const whole = (await agent.sync({ full: true })).bytesRead ?? 0
  await world.source.query(`
    update meter set name = 'Renamed' where external_id = 17;
    delete from meter where external_id = 18;
    insert into meter (external_id, name) values (9001, 'New')`)
  const run = await agent.sync()
  assertCounts(run, { read: 5_000, inserted: 1, updated: 1, deleted: 1 })
  assertRead(run, 'narrow')
  assert.ok((run.bytesRead ?? 0) < whole / 20, `${run.bytesRead} of ${whole} bytes`)
  const { body } = await agent.api<{ changes: Change[] }>(`/api/runs/${run.id}/changes`)
  assert.deepEqual(
    body.changes.map(({ externalId, operation, after }) => [externalId, operation, after]),
    [
      ['17', 'update', { name: 'Renamed' }],
      ['18', 'delete', null],
      ['9001', 'insert', null],
    ],
  )
  await world.source.query(`insert into meter (external_id, name) values (18, 'Back')`)
  assertCounts(await agent.sync(), { read: 5_001, updated: 1, restored: 1 })

  // Digests of fewer meters each after a run that changed many, because the next one is likely to change as many.
  const bytes: number[] = []
  for (const name of ['One of many', 'Again']) {
    await world.source.query(`update meter set name = '${name}' where external_id % 50 = 0`)
    const { bytesRead, counts } = await agent.sync()
    assert.equal(counts?.updated, 100)
    bytes.push(bytesRead ?? 0)
  }
  const [coarse = 0, fine = 0] = bytes
  assert.ok(fine * 1.5 < coarse, `${bytes} bytes`)
  const { unequal } = await compareBothSides(world)
  assert.deepEqual(await unequal(), [])
})

test('a source without a change is scanned once, and leaves no temporary file on either server', async (t) => {
  const { world, agent } = await startMirror(t, 100_000)
  const scans = async () => {
    const [row] = await world.source.query<{ scans: number; rows: number }>(
      `select seq_scan::int as scans, seq_tup_read::int as rows from pg_stat_user_tables where relname = 'meter'`,
    )
    return row ?? { scans: 0, rows: 0 }
  }
  const files = async () => {
    const ask = 'select temp_files::int as files from pg_stat_database where datname = current_database()'
    return [...(await world.source.query(ask)), ...(await world.sync.query(ask))]
  }
  const before = await scans()
  const filesBefore = await files()
  assertRead(await agent.sync(), 'narrow')
  const after = await eventually(async () => {
    const now = await scans()
    return now.rows > before.rows && now
  })
  // Workers of one scan are counted each; the rows they share are not.
  assert.equal(after.rows - before.rows, 100_000)
  await world.source.query(`update meter set name = name || '!' where external_id % 10 = 0`)
  assertCounts(await agent.sync(), { read: 100_000, updated: 10_000 })
  assert.deepEqual(await files(), filesBefore)
})

test('known meters are read by id when the source has an index on it, and only then', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 5_000)
  await world.source.query(`
    create table site (id int primary key, name text);
    insert into site select id, 'Site ' || id from generate_series(0, 9) id;
    analyze meter, site`)
  const scans = async () => {
    const [row] = await world.source.query<{ byIndex: number; rows: number }>(
      `select idx_scan::int as "byIndex", seq_tup_read::int as rows from pg_stat_user_tables where relname = 'meter'`,
    )
    return row ?? { byIndex: 0, rows: 0 }
  }
  const queries: [query: string, indexed: boolean][] = [
    ['select * from meter', true],
    ['select m.external_id, m.name, s.name as location from meter m join site s on s.id = m.external_id % 10', true],
    ['select external_id + 0 as external_id, name from meter', false],
    ['select * from meter limit 6000', false],
  ]
  for (const [at, [query, indexed]] of queries.entries()) {
    const agent = await world.agent({ CLIENT_SYSTEM_ID: `system-${at}`, CLIENT_SYSTEM_QUERY: query })
    await agent.settled()
    await world.source.query(`update meter set name = name || '!' where external_id % 2000 = 7`)
    const before = await scans()
    const run = await agent.sync()
    assertRead(run, 'narrow')
    assertCounts(run, { read: 5_000, updated: 3 })
    // Three scans are three questions; the statistics of a session arrive together.
    const after = await eventually(async () => {
      const now = await scans()
      return now.rows - before.rows >= (indexed ? 10_000 : 15_000) && now
    })
    if (indexed) assert.ok(after.byIndex > before.byIndex, query)
    await agent.stop()
  }
})

test('a query that filters out rows that cannot be read works in an incremental read as in a full one', async (t) => {
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
    assertRead(run, 'narrow')
  }
})

test('rows that stay rejected and deletions that stay withheld are read at the same cost each time, and do not change', async (t) => {
  const { world, agent } = await startMirror(t, 300)
  await world.source.query(`
    alter table meter drop constraint meter_pkey;
    alter table meter alter external_id drop not null;
    delete from meter where external_id <= 40;
    update meter set name = ' ' where external_id in (50, 51);
    update meter set port = 70000 where external_id = 52;
    insert into meter select * from meter where external_id in (60, 61);
    insert into meter (external_id, name) values (null, 'Without id'), (901, '')`)
  const expected = { read: 264, rejected: 9, withheld: 40 }
  const runs = [await agent.sync(), await agent.sync(), await agent.sync({ full: true }), await agent.sync()]
  for (const [at, run] of runs.entries()) {
    assertCounts(run, expected)
    assertRead(run, at === 2 ? 'full' : 'narrow')
    assert.equal(run.proof?.rows, 300 - 40 - 3 - 2)
  }
  const rejected = await Promise.all(
    runs.map(async ({ id }) => {
      const { body } = await agent.api<{ rejected: Rejected[] }>(`/api/runs/${id}/rejected?limit=200`)
      return body.rejected.map(({ externalId, reason }) => `${externalId} ${reason}`).toSorted()
    }),
  )
  for (const one of rejected.slice(1)) assert.deepEqual(one, rejected[0])
  await world.source.query(`update meter set location = 'Elsewhere' where external_id = 200`)
  const run = await agent.sync()
  assertRead(run, 'narrow')
  assertCounts(run, { ...expected, updated: 1 })
})

test('the cost stays the same when most rows stay rejected', async (t) => {
  const { world, agent } = await startMirror(t, 100)
  await world.source.query(`update meter set name = ' ' where external_id <= 60`)
  assertRead(await agent.sync(), 'full', 'most_differ')
  for (let at = 0; at < 2; at++) {
    const run = await agent.sync()
    assertRead(run, 'narrow')
    assertCounts(run, { read: 100, rejected: 60, withheld: 0 })
  }
})

test('the timeouts of an incremental read allow a source to compute as long as a full read', async (t) => {
  const world = await createWorld(t)
  await world.source.query(`
    create table meter (external_id int primary key, name text);
    insert into meter select id, 'Meter ' || id || repeat('.', 12000) from generate_series(1, 60) id;
    create function slowly(id int) returns boolean language plpgsql as
    'begin perform pg_sleep(0.06); return true; end'`)
  const agent = await world.agent({
    READ_IDLE_SECONDS: '2',
    CLIENT_SYSTEM_QUERY: 'select * from meter where slowly(external_id)',
  })
  assertCounts(await agent.settled(), { read: 60, inserted: 60 })
  await world.source.query(`update meter set name = name || '!' where external_id in (1, 2, 60)`)
  await world.source.query('cluster meter using meter_pkey')
  const run = await agent.sync()
  assertCounts(run, { read: 60, updated: 3 })
  assertRead(run, 'narrow')
})

test('R5.11: a source that returns different rows to two queries fails with proof_failed and changes nothing', async (t) => {
  const { world, agent } = await startMirror(t, 300)
  await agent.stop()
  const restless = await world.agent({
    CLIENT_SYSTEM_QUERY: `select m.external_id, m.name || case when m.external_id = 3 then random() else 0 end as name from meter m`,
  })
  await restless.settled()
  const before = await rowVersions(world.sync)
  const run = await restless.sync()
  const { code, hint } = failed(run)
  assert.equal(code, 'proof_failed')
  assert.match(hint ?? '', /CLIENT_SYSTEM_QUERY/)
  assert.equal(run.proof, null)
  assert.deepEqual(await rowVersions(world.sync), before)
  // What a full read answered is one answer, and is mirrored as that.
  const whole = await restless.sync({ full: true })
  assertCounts(whole, { read: 300, updated: 1 })
  assertRead(whole, 'full')
})

test('two Client Systems in one table are read incrementally, independent of each other', async (t) => {
  const { world, agent } = await startMirror(t, 200)
  const other = await world.agent({
    CLIENT_SYSTEM_ID: 'other',
    CLIENT_SYSTEM_QUERY: 'select * from meter where external_id > 100',
  })
  assertCounts(await other.settled(), { read: 100, inserted: 100 })
  await world.source.query(`
    update meter set name = 'Both' where external_id = 150;
    update meter set name = 'One' where external_id = 50;
    delete from meter where external_id = 151`)
  const mine = await agent.sync()
  const theirs = await other.sync()
  assertCounts(mine, { read: 199, updated: 2, deleted: 1 })
  assertCounts(theirs, { read: 99, updated: 1, deleted: 1 })
  for (const run of [mine, theirs]) assertRead(run, 'narrow')
  assert.equal(counted(await agent.sync()).updated, 0)
})
