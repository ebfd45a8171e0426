import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../../src/config/environment.ts'
import { openSource } from '../../../src/mirror/source/connection.ts'
import { describeMeters } from '../../../src/mirror/source/describe.ts'
import type { Run } from '../../../src/wire/types.ts'
import { createMeters } from '../../support/meters.ts'
import { assertCounts, compareBothSides, failed, rowVersions } from '../../support/mirror.ts'
import { createWorld, eventually } from '../../support/world.ts'

function assertNarrow(run: Run): void {
  assert.equal(run.readMode, 'narrow', JSON.stringify(run.readReason ?? run.error))
  assert.ok(run.proof)
}

/** A type and values of it, each another one than that before. */
const types: [type: string, first: string, ...others: string[]][] = [
  ['money', "'1.00'", "'1.01'"],
  ['bit(4)', "'0101'", "'0100'"],
  ['varbit', "'01'", "'010'"],
  ['tsvector', "'a b'", "'a:1 b'"],
  ['xml', "'<a/>'", "'<a></a>'"],
  ['hstore', "'a=>1'", "'a=>NULL'"],
  ['int4range', "'[1,2]'", "'[1,3]'"],
  ['numrange', "'[1.0,2]'", "'[1.00,2]'"],
  ['int8multirange', "'{[1,2]}'", "'{}'"],
  ['pair', "'(1,x)'", "'(1,)'", "'(,)'"],
  ['positive', '5', '6'],
  ['citext', "'a'", "'A'"],
  ['name', "'n'", "'N'"],
  ['oid', '1', '4294967295'],
  ['point', "'(1,2)'", "'(1,2.0000000000000004)'"],
  ['macaddr', "'08:00:2b:01:02:03'", "'08:00:2b:01:02:04'"],
  ['pg_lsn', "'0/1'", "'1/0'"],
  ['"char"', "'a'", "'b'"],
  ['interval', "'1 day'", "'24 hours'"],
  ['interval[]', "'{1 day}'", "'{24 hours}'"],
  ['float4', '0', '1', "'NaN'"],
  ['float8', '0', "'1e-300'", "'NaN'"],
  ['numeric', '0', '0.0', "'NaN'"],
  ['timestamp', "'2026-01-01'", "'2026-01-01 00:00:00.000001'"],
  ['timetz', "'12:00+00'", "'13:00+01'"],
  ['time', "'00:00'", "'24:00'"],
  ['json', `'{"a":1}'`, `'{"a":2}'`, `'"\\u0000"'`],
  ['jsonb', 'null', "'1.0'", "'1'"],
  ['cidr', "'10.0.0.0/8'", "'10.0.0.0/9'"],
  ['inet', "'10.0.0.1'", "'10.0.0.1/31'", "'::ffff:10.0.0.1'"],
  ['jsonpath', "'$.a'", "'$.b'"],
  ['regclass', "'pg_class'", "'pg_type'"],
  ['char(4)', "'a'", "'b'"],
  ['varchar(9)', "'a'", "'a '"],
  ['text', "'é'", "E'e\\u0301'", "''", 'null'],
  ['bytea', "'\\x00'", "'\\x0000'"],
  ['date', "'infinity'", "'-infinity'", "'4714-11-24 BC'"],
  ['numeric[]', "'{1.0}'", "'{1.00}'"],
  ['text[]', "'{NULL}'", `'{"NULL"}'`, "'[2:2]={NULL}'"],
  ['float8[]', "'{0}'", "'{1e-300}'"],
  ['bigint', '1', '4294967296', '-1'],
  ['uuid', "'6ba7b810-9dad-11d1-80b4-00c04fd430c8'", "'6ba7b810-9dad-11d1-80b4-00c04fd430c9'"],
  ['txid_snapshot', "'10:20:10,14,15'", "'10:20:10,14'"],
  ['xid', "'1'", "'2'"],
  ['xid8', "'1'", "'2'"],
  ['int2vector', "'1 2'", "'1 3'"],
]

test('a change in a column of any type is found, and unchanged rows are not read again', async (t) => {
  const world = await createWorld(t, { source: 15 })
  await world.source.query(`
    create extension citext;
    create extension hstore;
    create type pair as (a int, b text);
    create domain positive as int check (value > 0);
    create table meter (external_id citext, name name, ${types.map(([type], at) => `k${at} ${type}`)});
    insert into meter select 'm' || id, 'n', ${types.map(([type, first]) => `${first}::${type}`)} from generate_series(1, 80) id`)
  const agent = await world.agent()
  assertCounts(await agent.settled(), { read: 80, inserted: 80 })
  for (const [at, [type, , ...others]] of types.entries()) {
    for (const value of others) {
      await world.source.query(`update meter set k${at} = ${value} where external_id = 'm7'`)
      const run = await agent.sync()
      assert.equal(run.counts?.updated, 1, `${type} ${value}: ${JSON.stringify(run.error)}`)
      assertNarrow(run)
    }
  }
  const before = await rowVersions(world.sync)
  for (const full of [true, false]) assertCounts(await agent.sync({ full }), { read: 80 })
  assert.deepEqual(await rowVersions(world.sync), before)
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
    assertNarrow(run)
  }
})

test('a value that is larger stored than as text is hashed, and its changes are found', async (t) => {
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

test('a row with a value that is large as text is not hashed, even if its stored size is small', async (t) => {
  const world = await createWorld(t)
  await world.source.query(`
    create table meter (external_id int primary key, name text, list text[]);
    insert into meter values (1, 'Small', '{1}'), (2, 'Large', array[repeat('x', 9000000)])`)
  const [clientSystem] = parseConfig(world.environment()).clientSystems
  if (!clientSystem) throw new Error('there is no Client System')
  await using source = await openSource(clientSystem, new AbortController().signal)
  const { projection } = await describeMeters(source, clientSystem.query, 0n)
  const { rows } = await source.query<{ row_hash: string }>(projection.hashes ?? '')
  assert.deepEqual(
    rows.map(({ row_hash }) => row_hash === '0'),
    [false, true],
  )
})

test('the hashes of a row depend on the salt of the installation, so that none can be chosen to collide', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 2)
  const [clientSystem] = parseConfig(world.environment()).clientSystems
  assert.ok(clientSystem)
  await using source = await openSource(clientSystem, new AbortController().signal)
  const hashes = async (salt: bigint) => {
    const { projection, fingerprint } = await describeMeters(source, clientSystem.query, salt)
    const { rows } = await source.query<{ id_hash: string; row_hash: string }>(projection.hashes ?? '')
    return [fingerprint, ...rows.flatMap(({ id_hash, row_hash }) => [id_hash, row_hash])]
  }
  const [one, other] = [await hashes(1n), await hashes(-2n)]
  assert.equal(new Set([...one, ...other]).size, 10)
  const [installed] = await world.sync.query<{ hash_salt: string }>('select hash_salt from sync.installation')
  const agent = await world.agent()
  await agent.settled()
  const stored = await world.sync.query<{ id_hash: string }>('select id_hash from sync.meter order by id_hash')
  const expected = await hashes(BigInt(installed?.hash_salt ?? 0))
  assert.ok(stored.every(({ id_hash }) => expected.includes(id_hash)))

  await world.sync.query('update sync.installation set hash_salt = 1')
  const { readMode, counts } = await agent.sync()
  assert.deepEqual([readMode, counts?.updated], ['full', 0], 'hashes of another salt are worth nothing')
  const rehashed = await world.sync.query<{ id_hash: string }>('select id_hash from sync.meter')
  assert.ok(rehashed.every(({ id_hash }) => one.includes(id_hash)))
  assert.equal((await agent.sync()).readMode, 'narrow')
})

test('the first run after two at night in the time zone of the schedule reads every meter', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent({ SYNC_TIMEZONE: 'Asia/Kathmandu' })
  await agent.settled()
  const finishedAfterTwo = async (minutes: number) => {
    await world.sync.query(
      `update sync.run set finished_at = (
         select max(t) from generate_series(date_trunc('hour', now()) - interval '1 day', now(), '15 minutes') t
         where to_char(t at time zone 'Asia/Kathmandu', 'HH24:MI') = '02:00'
       ) + $1::integer * interval '1 minute'
       where read_mode = 'full'`,
      [minutes],
    )
    const { readMode, readReason } = await agent.sync()
    return [readMode, readReason?.code]
  }
  assert.deepEqual(await finishedAfterTwo(0), ['narrow', undefined])
  assert.deepEqual(await finishedAfterTwo(-1), ['full', 'daily'])
  assert.equal((await agent.sync()).readMode, 'narrow')
  await world.sync.query(`delete from sync.run where read_mode = 'full'`)
  assert.deepEqual((await agent.sync()).readReason, { code: 'daily' })
})

test('a text that a nondeterministic collation treats as equal to true is still another value', async (t) => {
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
  assertNarrow(run)
})

test('json whose keys have another order each time is unchanged', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 200)
  const agent = await world.agent({
    CLIENT_SYSTEM_QUERY: `
      select external_id, name, (array['{"a":1,"b":2}', '{"b":2, "a":1}'])[1 + floor(random() * 2)::int]::json as more,
        array['"\\u0000"']::json[] as odd
      from meter`,
  })
  assertCounts(await agent.settled(), { read: 200, inserted: 200 })
  const before = await rowVersions(world.sync)
  const run = await agent.sync()
  assertCounts(run, { read: 200 })
  assertNarrow(run)
  assertCounts(await agent.sync({ full: true }), { read: 200 })
  assert.deepEqual(await rowVersions(world.sync), before)
})

test('an incremental read that reaches the time limit makes the next run full, which succeeds', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 200)
  const agent = await world.agent({
    RUN_TIMEOUT_SECONDS: '4',
    CLIENT_SYSTEM_QUERY: 'select * from meter where (select pg_sleep(1.5)) is not null',
  })
  await agent.settled()
  await world.source.query(`update meter set name = 'Changed' where external_id = 3`)
  assert.equal(failed(await agent.sync()).code, 'timeout')
  assertCounts(await agent.sync(), { read: 200, updated: 1 })
})

test('a full read that failed does not make the next run full, because a full read may exceed the time limit', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 200)
  const agent = await world.agent()
  await agent.settled()
  for (const mode of ['full', 'narrow'] as const) {
    await world.sync.query(
      `insert into sync.run (id, client_system_id, trigger, status, finished_at, error_code, error_message, read_mode, revision)
       select gen_random_uuid(), 'main', 'schedule', 'failed', now(), 'timeout', 'late', $1, 1 + max(revision) from sync.run`,
      [mode],
    )
    assert.equal((await agent.sync()).readMode, mode === 'full' ? 'narrow' : 'full')
  }
})

test('sums of float8 and unordered arrays are equal each time, because no parallel workers reorder their rows', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 200)
  await world.source.query(`
    create table part (meter int, value float8, filler text);
    insert into part select 1 + n % 200, random(), repeat('x', 100) from generate_series(1, 150000) n;
    analyze meter; analyze part`)
  const agent = await world.agent({
    CLIENT_SYSTEM_QUERY: `
      select external_id, name, sum(value) as total, (array_agg(value))[1:3] as some
      from meter join part on meter = external_id
      group by external_id, name`,
  })
  assertCounts(await agent.settled(), { read: 200, inserted: 200 })
  await world.source.query(`
    create function total(id int) returns float8 language plpgsql parallel safe as
    'begin return (select sum(value) from part where meter = id); end'`)
  for (let at = 0; at < 3; at++) {
    const run = await agent.sync()
    assertCounts(run, { read: 200 })
    assertNarrow(run)
  }
  await agent.stop()
  const within = await world.agent({
    CLIENT_SYSTEM_QUERY: 'select external_id, name, total(external_id::int) as total from meter where external_id <= 5',
    DELETE_GUARD_MINIMUM: '1000',
  })
  await within.settled()
  for (let at = 0; at < 2; at++) assertNarrow(await within.sync())
})

test('a query whose result differs each time fails only the incremental run; the next is full', async (t) => {
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
    assert.deepEqual(full.readReason, { code: 'after_failure', error: 'proof_failed' })
  }
})

test('a meter that another program changes here while a run writes others is corrected by the next run', async (t) => {
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
    assert.deepEqual(next.readReason, { code: 'meters_changed' })
    assert.deepEqual(await unequal(), [])
    assertNarrow(await agent.sync())
  }
})
