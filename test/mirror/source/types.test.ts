import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMeters } from '../../support/meters.ts'
import { assertCounts, assertRead, counted, rowVersions } from '../../support/mirror.ts'
import { createWorld } from '../../support/world.ts'

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
      assertRead(run, 'narrow')
    }
  }
  const before = await rowVersions(world.sync)
  for (const full of [true, false]) assertCounts(await agent.sync({ full }), { read: 80 })
  assert.deepEqual(await rowVersions(world.sync), before)
})

test('values that compare as equal but differ in their text are updated, and none is ignored', async (t) => {
  const world = await createWorld(t)
  await world.source.query(`
    create type phase as enum ('one', 'two');
    create table meter (external_id text, name text, b bigint, n numeric, f float8, d timestamptz, j jsonb, e phase, c char(4), i inet, a int[]);
    insert into meter select 'm' || id, 'n', 1, 1.5, 0, '2026-01-01 00:00Z', '{"a": 1.0}', 'one', 'x', '10.0.0.1', '{1}' from generate_series(1, 100) id`)
  const agent = await world.agent()
  await agent.settled()
  const edits: [column: string, value: string, attribute: unknown][] = [
    ['b', '4294967296', 4294967296],
    ['n', '1.50', '1.50'],
    ['f', `'1e-7'`, '0.0000001'],
    ['d', `timestamptz '2026-01-01 00:00Z' + interval '4294967295 microseconds'`, '2026-01-01T01:11:34.967295+00:00'],
    ['j', `'{"a": 1.00}'`, '{"a": 1.00}'],
    ['e', `'two'`, 'two'],
    ['i', `'10.0.0.1/24'`, '10.0.0.1/24'],
    ['a', `'{1,NULL}'`, '[1, null]'],
  ]
  for (const [column, value, attribute] of edits) {
    await world.source.query(`update meter set ${column} = ${value} where external_id = 'm7'`)
    const run = await agent.sync()
    assert.equal(counted(run).updated, 1, column)
    assertRead(run, 'narrow')
    const [row] = await world.sync.query(`select attributes ->> $1 as value from sync.meter where external_id = 'm7'`, [
      column,
    ])
    assert.equal(row?.value, String(attribute), column)
  }
  await world.source.query(`alter type phase rename value 'one' to 'first'`)
  assertCounts(await agent.sync(), { read: 100, updated: 99 })
  await world.source.query(`
    update meter set name = case external_id when 'm1' then 'second' else 'first' end where external_id in ('m1', 'm2')`)
  assertCounts(await agent.sync(), { read: 100, updated: 2 })
  await world.source.query(`
    update meter set name = case external_id when 'm1' then 'first' else 'second' end where external_id in ('m1', 'm2')`)
  assertCounts(await agent.sync(), { read: 100, updated: 2 })
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
  assertRead(rejected, 'narrow')
  await world.source.query(`update meter set active = 'true', note = 'é' where external_id = 'm7'`)
  assertCounts(await agent.sync(), { read: 20, updated: 1 })
  await world.source.query(`update meter set name = 'É' where external_id = 'm7'`)
  assertCounts(await agent.sync(), { read: 20, updated: 1 })
})

test('json whose keys have another order each time is unchanged', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 200)
  const agent = await world.agent({
    CLIENT_SYSTEM_QUERY: `
      select external_id, name, (array['{"a":1,"b":2}', '{"b":2, "a":1}'])[1 + floor(random() * 2)::int]::json as more,
        array['"\\u0000"']::json[] as escaped
      from meter`,
  })
  assertCounts(await agent.settled(), { read: 200, inserted: 200 })
  const before = await rowVersions(world.sync)
  const run = await agent.sync()
  assertCounts(run, { read: 200 })
  assertRead(run, 'narrow')
  assertCounts(await agent.sync({ full: true }), { read: 200 })
  assert.deepEqual(await rowVersions(world.sync), before)
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
    assertRead(run, 'narrow')
  }
  await agent.stop()
  const within = await world.agent({
    CLIENT_SYSTEM_QUERY: 'select external_id, name, total(external_id::int) as total from meter where external_id <= 5',
    DELETE_GUARD_MINIMUM: '1000',
  })
  await within.settled()
  for (let at = 0; at < 2; at++) assertRead(await within.sync(), 'narrow')
})
