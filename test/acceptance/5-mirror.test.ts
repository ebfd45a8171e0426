import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Change } from '../../src/wire/types.ts'
import { createMeters } from '../support/meters.ts'
import { assertCounts, compareBothSides, failed, rowVersions } from '../support/mirror.ts'
import { createWorld } from '../support/world.ts'

const pairs = [
  { source: 18, sync: 18 },
  { source: 15, sync: 18 },
  { source: 18, sync: 15 },
] as const

for (const versions of pairs) {
  test(`R5.1: a second run writes no row, whatever the column types: ${versions.source} to ${versions.sync}`, async (t) => {
    const world = await createWorld(t, versions)
    await world.source.query(`
      create extension citext;
      create extension hstore;
      create type phase as enum ('one', 'three');
      create type place as (building text, floor smallint);
      create domain voltage as numeric(6, 2) check (value > 0);
      create table meter (
        external_id bigint primary key, name varchar(80) not null, serial_number varchar(12), kind citext, unit phase,
        location varchar, ip_address inet, port smallint, active boolean,
        a_bigint bigint, a_citext citext, a_char char(8), a_varchar varchar(8), a_uuid uuid, a_timestamptz timestamptz,
        a_timestamp timestamp(3), a_date date, a_time timetz, an_interval interval, a_jsonb jsonb, a_json json,
        an_enum phase, a_numeric numeric, a_scaled numeric(12, 4), a_real real, a_double float8, an_inet inet,
        a_cidr cidr, a_macaddr macaddr, a_bytea bytea, an_array text[], numbers integer[][], a_range int8range,
        a_composite place, a_domain voltage, an_hstore hstore, a_bit bit varying, a_money money, a_point point,
        an_xml text, a_tsvector tsvector, a_name name, an_oid oid, a_boolean boolean, nothing text
      )`)
    await world.source.query(`
      insert into meter values (
        9007199254740993, 'Zähler 1  ', 'SN-1', 'Water', 'three', ' two  blanks ', '10.0.0.1', 502, true,
        9223372036854775807, 'MiXed', 'pad', 'x', '6ba7b810-9dad-11d1-80b4-00c04fd430c8', '2026-03-29 02:30:00.123456+02',
        '2026-01-01 00:00:00.5', '0044-03-15 BC', '12:00:00+05:30', '1 year 2 mons -3 days 04:05:06.789',
        '{"b": 1.50, "a": [1e3, "\\u00e9", null], "longer key": {}}', '{"b": 1.50, "a": 1, "a": 2, "text": "AE12345\\\\u0000"}',
        'one', 1.5000, 1.5, 0.1, 1e-300, '10.0.0.0/8', '10.0.0.0/8', '08:00:2b:01:02:03', '\\xdeadbeef00',
        array['a,b', 'c"d', null, ''], array[[1, 2], [3, 4]], '[1,10)', row('Main "hall"', 3), 230.5, 'a=>1, b=>NULL',
        b'10101', 12.34, '(1.5,2)', '<a/>', 'fat cat', 'short', 4294967295, false, null
      ), (
        2, E'tab\\tand\\nnew line', null, null, null, null, '10.0.0.0/24', null, null,
        0, '', '', '', null, 'infinity', '-infinity', 'infinity', '24:00:00', '-1 day', '[]', '"text"',
        'three', 'NaN', 0, 'NaN', '-Infinity', '::1', '::/0', null, '', '{}', '{}', 'empty', row(null, null), 0.01, '',
        b'', -1, null, '', '', '', 0, true, null
      )`)
    await world.source.query(`insert into meter (external_id, name) values (3, 'all NULL')`)
    const agent = await world.agent()
    assertCounts(await agent.settled(), { read: 3, inserted: 3 })
    const first = await rowVersions(world.sync)
    for (const body of [undefined, { full: true }]) {
      assertCounts(await agent.sync(body), { read: 3 })
      assert.deepEqual(await rowVersions(world.sync), first)
    }
    const { unequal } = await compareBothSides(world)
    assert.deepEqual(await unequal(), [])
  })
}

test('R5.2: a meter that comes back is active again under its old id, counted once as updated and restored', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const agent = await world.agent()
  await agent.settled()
  const identity = 'select id, external_id, created_at::text, created_run_id from sync.meter order by id'
  const before = await world.sync.query(identity)
  await world.source.query('create table gone as select * from meter where external_id < 3')
  await world.source.query('delete from meter where external_id < 3')
  assertCounts(await agent.sync(), { deleted: 2 })
  await world.source.query('insert into meter select * from gone where external_id = 1')
  await world.source.query(`insert into meter (external_id, name) values (2, 'Another name')`)
  const run = await agent.sync()
  assertCounts(run, { updated: 2, restored: 2 })
  assert.deepEqual(await world.sync.query(identity), before)
  const { body } = await agent.api<{ changes: Change[] }>(`/api/runs/${run.id}/changes`)
  assert.deepEqual(
    body.changes.map(({ externalId, operation, before, after }) => [externalId, operation, before?.name, after?.name]),
    [
      ['1', 'restore', undefined, undefined],
      ['2', 'restore', 'Meter 2', 'Another name'],
    ],
  )
  assert.deepEqual(await world.sync.query('select distinct active, removed_at from sync.meter'), [
    { active: true, removed_at: null },
  ])
  assertCounts(await agent.sync(), {})
})

test('R5.3: a meter that the Client System marks inactive is inactive here, counted once, and unchanged afterwards', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 6)
  const agent = await world.agent()
  await agent.settled()
  const states = async () => {
    const rows = await world.sync.query('select active, removed_at from sync.meter order by external_id')
    assert.ok(rows.every((row) => row.removed_at === null))
    return rows.map(({ active }) => (active ? 1 : 0)).join('')
  }
  await world.source.query('update meter set active = false where external_id in (2, 3)')
  assertCounts(await agent.sync(), { updated: 2 })
  assert.equal(await states(), '100111')
  const stable = async () => {
    const before = await rowVersions(world.sync)
    assertCounts(await agent.sync(), {})
    assert.deepEqual(await rowVersions(world.sync), before)
  }
  await stable()
  await world.source.query(`alter table meter alter active type text using case when active then 'yes' else 'no' end`)
  await stable()
  await world.source.query(`
    update meter set active = (array['t', ' FALSE ', 'off', 'Of', E'n\\n', '0'])[external_id]`)
  assertCounts(await agent.sync(), { updated: 3 })
  assert.equal(await states(), '100000')
  await stable()
  await world.source.query(`update meter set active = (array[null, 'TRUE', 'on', 'y', 'Yes', '1'])[external_id]`)
  assertCounts(await agent.sync(), { updated: 5 })
  assert.equal(await states(), '111111')
  await world.source.query(`alter table meter alter active type integer using (external_id % 2)::int`)
  assertCounts(await agent.sync(), { updated: 3 })
  assert.equal(await states(), '101010')
  await stable()

  await world.source.query('delete from meter where external_id = 2')
  assertCounts(await agent.sync(), { deleted: 1 })
  await world.source.query(`insert into meter (external_id, name, active) values (2, 'Back, but inactive', 0)`)
  assertCounts(await agent.sync(), { updated: 1, restored: 1 })
  assert.equal(await states(), '101010')
})

test('R5.4: ids above 2^53, every script, quotes, backslashes, tabs, newlines and 1 MB of text are copied exactly', async (t) => {
  const world = await createWorld(t)
  await world.source.query(`
    create table meter (
      external_id text primary key, name text, serial_number text, kind text, unit text, location text,
      ip_address text, port integer, active boolean, note text, "attributes" jsonb
    )`)
  // biome-ignore format: one text after the other
  const names = [
    'ÄÖÜ ß ﬁ', 'Ωμέγα', 'Счётчик', 'מונה', 'عداد كهرباء', 'मीटर', 'มิเตอร์', '計量器', '계량기', '⚡️👩🏽‍🔧', 'e\u0301 is not \u00e9',
    '\u202eright to left', '\ufeffbom', '\u0001\u001b[31m\u007f', `it's "quoted" \`so\``, '\\N', '\\.', '\\\\ \\t \\x41',
    'tab\there', 'line\nbreak\r\nand return\r', '<script>alert(1)</script>', '{"json": [1]}', '%s %d $1 #{y} {{z}}',
    "'; drop table sync.meter; --", 'data: x\n\nevent: run', ' leading and trailing ', 'NULL', 'null',
  ]
  const rows = names.map((text, at) => ({ external_id: `${9_007_199_254_740_993n + BigInt(at)}`, name: text }))
  const namesAsIds = names.filter((text) => text.trim() !== '').map((text) => ({ external_id: text, name: text }))
  await world.source.query(
    `insert into meter (external_id, name, serial_number, kind, unit, location, ip_address, note, attributes)
     select external_id, name, name, name, name, name, name, name, jsonb_build_object(name, name)
     from jsonb_to_recordset($1) as r(external_id text, name text)`,
    [JSON.stringify([...rows, ...namesAsIds])],
  )
  await world.source.query(`
    insert into meter (external_id, name, note) values
      ('1 MB', 'one', repeat('é', 500000)),
      ('7 MB', repeat('x', 3000000), repeat(md5('y'), 120000)),
      (repeat('k', 1000), 'the longest id', null),
      ('-9223372036854775808', 'the least', null),
      ('', 'no id', null)`)
  const agent = await world.agent()
  const total = rows.length + namesAsIds.length + 4
  assertCounts(await agent.settled(), { read: total + 1, inserted: total, rejected: 1 })
  await world.source.query(`delete from meter where external_id = ''`)
  const { unequal } = await compareBothSides(world)
  assert.deepEqual(await unequal(), [])
  const stored = await rowVersions(world.sync)
  assertCounts(await agent.sync(), { read: total })
  assert.deepEqual(await rowVersions(world.sync), stored)
})

test('R5.8: the agent needs SELECT only, and cannot write to the Client System', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const role = `reader_${world.source.name}`
  const url = new URL(world.source.url)
  url.username = role
  url.password = 'only-reads'
  await world.source.query(`create role ${role} login password 'only-reads'`)
  await world.source.query(`grant select on meter to ${role}`)
  const agent = await world.agent({ CLIENT_SYSTEM_URL: url.href })
  assertCounts(await agent.settled(), { read: 3, inserted: 3 })
  await agent.stop()
  await world.source.query(`drop owned by ${role}`)
  await world.source.query(`drop role ${role}`)

  await world.source.query(`
    create function insert_meter() returns integer language sql volatile as
    'insert into meter (external_id, name) values (99, ''written'') returning 1'`)
  const before = await world.source.query('select m.*, xmin::text from meter m order by external_id')
  const locked = await world.agent({ CLIENT_SYSTEM_QUERY: 'select m.*, insert_meter() as inserted from meter m' })
  const error = failed(await locked.settled())
  assert.equal(error.code, 'source_query')
  assert.match(error.message, /read-only transaction/)
  assert.deepEqual(await world.source.query('select m.*, xmin::text from meter m order by external_id'), before)
})

test('R5.9: two Client Systems in one Sync database with the same external ids do not affect each other', async (t) => {
  const world = await createWorld(t)
  const other = await createWorld(t)
  await createMeters(world.source, 20)
  await createMeters(other.source, 20)
  await other.source.query(`update meter set name = 'South ' || external_id`)
  const north = await world.agent({ CLIENT_SYSTEM_ID: 'north' })
  const south = await world.agent({ CLIENT_SYSTEM_ID: 'south', CLIENT_SYSTEM_URL: other.source.url })
  assertCounts(await north.settled(), { read: 20, inserted: 20 })
  assertCounts(await south.settled(), { read: 20, inserted: 20 })
  await world.source.query('delete from meter where external_id < 3')
  await other.source.query(`update meter set location = 'Roof' where external_id < 6`)
  const [first, second] = await Promise.all([north.sync(), south.sync()])
  assertCounts(first, { read: 18, deleted: 2 })
  assertCounts(second, { read: 20, updated: 5 })
  assert.deepEqual(
    await world.sync.query(`
      select client_system_id, count(*)::int as total, count(*) filter (where active)::int as active,
        count(*) filter (where name like 'South %')::int as south
      from sync.meter group by 1 order by 1`),
    [
      { client_system_id: 'north', total: 20, active: 18, south: 0 },
      { client_system_id: 'south', total: 20, active: 20, south: 20 },
    ],
  )
  const [, status] = await Promise.all([north.status(), south.status()])
  assert.deepEqual(
    status.clientSystems.map(({ id, meters }) => ({ id, meters })),
    [{ id: 'south', meters: { total: 20, active: 20, inactive: 0 } }],
  )
  assert.equal((await south.api(`/api/runs/${first.id}`)).status, 404)
})
