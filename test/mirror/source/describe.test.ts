import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../../src/config/environment.ts'
import { AgentError } from '../../../src/lib/errors.ts'
import { openSource } from '../../../src/mirror/source/connection.ts'
import { describeMeters } from '../../../src/mirror/source/describe.ts'
import type { Change, Problem, Rejected, Run } from '../../../src/wire/types.ts'
import { createMeters } from '../../support/meters.ts'
import { assertCounts, failed, rowVersions } from '../../support/mirror.ts'
import { createWorld, type Database, type World } from '../../support/world.ts'

type Row = { external_id: string; name: string; port: string | null; active: string; attributes: string }

/** What the Client System answers to `query`, column by column as it would be staged. */
async function ask({ environment }: World, query: string, url?: string): Promise<Row[]> {
  const [clientSystem] = parseConfig(environment(url === undefined ? {} : { CLIENT_SYSTEM_URL: url })).clientSystems
  if (!clientSystem) throw new Error('there is no Client System')
  await using source = await openSource(clientSystem, new AbortController().signal)
  const { projection } = await describeMeters(source, query, 0n)
  const { rows } = await source.query<Row & Partial<Record<'id_hash' | 'row_hash', string>>>(projection.select())
  return rows.map(({ id_hash: _id, row_hash: _row, ...row }) => row)
}

async function refusal(world: World, query: string, url?: string): Promise<AgentError> {
  try {
    const rows = await ask(world, query, url)
    throw new Error(`It answered ${JSON.stringify(rows.slice(0, 3))} to ${query}`)
  } catch (error) {
    if (error instanceof AgentError) return error
    throw error
  }
}

const meters = (source: Database) => source.query('select m.*, m.xmin::text from meter m order by external_id')

test('F6: a query that cannot be mirrored is refused by name before anything is read', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  await world.source.query('create table secret (external_id int, name text); create table device (id int, name text)')
  const before = await meters(world.source)
  const refused: [query: string, message: RegExp, hint?: RegExp][] = [
    ['select * from nowhere', /relation "nowhere" does not exist/],
    ['select external_id, title as name from meter', /column "title" does not exist/],
    ['select external_id, nosuch(name) as name from meter', /function nosuch/],
    ['select external_id from meter', /no column name\. The query returns: external_id$/, /… as name/],
    [
      'select name, serial_number from meter',
      /no column external_id\. The query returns: name, serial_number/,
      /… as external_id/,
    ],
    ['select from meter', /returns: no column/],
    [
      'select * from device',
      /no column external_id\. The query returns: id, name/,
      /select q\.id as external_id, q\.\*/,
    ],
    ['select m.*, m.name from meter m', /column name more than once/, /name of its own/],
    ['select 1 as "a b", 2 as "a b", * from meter', /column a b more than once/],
    [
      `select external_id, name, current_date as port from meter`,
      /column port .* expected a number or text/,
      /::text as port/,
    ],
    [`select external_id, name, true as port from meter`, /column port /],
    [
      `select external_id, name, now() as active from meter`,
      /column active .* expected a boolean or text/,
      /is null as active/,
    ],
    [`select external_id, name, 0.5 as active from meter`, /column active /],
    ['select * from meter; select * from meter', /more than one statement/, /what follows the first semicolon/],
    ['select * from meter; delete from meter', /more than one statement/],
    ['select * from meter) q; delete from meter; select * from (select 1', /more than one statement/],
    ['meter', /is the name of a table/, /: select \* from meter$/],
    ['public."Meter"', /is the name of a table/, /: select \* from public\."Meter"$/],
    ['explain select * from meter', /begins with explain/],
    ['with gone as (delete from meter returning *) select * from gone', /data-modifying/],
    ['delete from meter returning *', /begins with (delete|drop|copy); expected one SELECT/],
    ['drop table meter', /begins with (delete|drop|copy); expected one SELECT/],
    [`copy meter to stdout`, /begins with (delete|drop|copy); expected one SELECT/],
    ['select * from meter for update', /read-only/],
    [`select nextval('counter') as external_id, 'n' as name`, /counter/],
    ['select * from meter where external_id = $1', /placeholder \$1, and nothing is given/, /value itself/],
    ['', /no statement/],
    [';', /no statement/],
    ['select * from meter /* never closed', /unterminated/],
  ]
  for (const [query, message, hint] of refused) {
    const error = await refusal(world, query)
    assert.equal(error.code, 'source_query', query)
    assert.match(error.message, message, query)
    assert.match(error.hint ?? '', hint ?? /CLIENT_SYSTEM_QUERY/, query)
  }
  const role = `blind_${world.source.name}`
  await world.source.query(`create role ${role} login password 'sees-little'; grant select on meter to ${role}`)
  const url = new URL(world.source.url)
  url.username = role
  url.password = 'sees-little'
  assert.match((await refusal(world, 'select * from secret', url.href)).message, /permission denied for table secret/)
  assert.equal((await ask(world, 'select * from meter', url.href)).length, 3)
  await world.source.query(`drop owned by ${role}; drop role ${role}`)
  assert.deepEqual(await meters(world.source), before)
})

test('F6: the query that a hint proposes works', async (t) => {
  const world = await createWorld(t)
  await world.source.query(`create table device (id int, name text); insert into device values (7, 'Seven')`)
  for (const query of [
    'select * from device',
    'select * from device;',
    'select * from device -- all',
    'table device',
  ]) {
    const { hint } = await refusal(world, query)
    const proposed = hint?.replace(/^Set CLIENT_SYSTEM_QUERY to: /, '') ?? ''
    assert.notEqual(proposed, hint)
    const rows = await ask(world, proposed)
    assert.deepEqual(
      rows.map(({ external_id, name, attributes }) => [external_id, name, attributes]),
      [['7', 'Seven', '{"id": 7}']],
    )
  }
})

test('F6: any single SELECT is accepted: with a semicolon, comments, CTEs, VALUES, limits or only the required columns', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source)
  const queries = [
    'select * from meter;',
    'select * from meter; -- all',
    'select * from meter;; /* all; of them */',
    '  select * from meter ;\n\n',
    'select * from meter -- the meters',
    "select * from meter -- don't; stop",
    'select * from meter /* all; of them */',
    '-- first\nselect * from meter\n-- last;',
    'table meter',
    'with three as (select * from meter) select * from three',
    'select * from meter order by external_id desc limit 3 offset 0',
    'select * from meter where external_id = 1 union all select * from meter where external_id > 1',
    `values ('1', 'One'), ('2', 'Two'), ('3', 'Three')`
      .replace(/^/, 'select * from (')
      .concat(') v(external_id, name)'),
    'select external_id, name from meter',
    `select external_id, ';--' || name as name from meter;`,
    'select distinct external_id, name from meter',
  ]
  for (const query of queries) assert.equal((await ask(world, query)).length, 3, query)
  const [named] = await ask(world, 'select 1 as external_id, $$n$$ as name')
  assert.deepEqual(named && [named.external_id, named.name, named.port, named.active, named.attributes], [
    '1',
    'n',
    null,
    'true',
    '{}',
  ])
})

test('F28: columns of any name and number become attributes under exactly that name', async (t) => {
  const world = await createWorld(t)
  const long = 'ü'.repeat(31)
  const names = [
    'attributes',
    'External_ID',
    'a"b',
    "it's",
    'schema.table',
    'back\\slash',
    '$1',
    '%s',
    'new\nline',
    ' ',
    'c1',
    'q',
    'fits',
  ]
  names.push(
    'id_fits',
    'row_bytes',
    'cut_id',
    'value',
    '__proto__',
    'select',
    long,
    '计量器',
    '?column?',
    'x'.repeat(63),
  )
  const quoted = names.map((name, at) => `${at} as "${name.replaceAll('"', '""')}"`)
  const [row] = await ask(world, `select 'A' as external_id, 'n' as name, ${quoted.join(', ')}`)
  assert.deepEqual(
    new Map(Object.entries(JSON.parse(row?.attributes ?? ''))),
    new Map(
      names
        .map((name, at): [string, number] => [name, at])
        .toSorted(
          ([a], [b]) => Buffer.byteLength(a) - Buffer.byteLength(b) || Buffer.compare(Buffer.from(a), Buffer.from(b)),
        ),
    ),
  )
  for (const count of [0, 1, 49, 50, 51, 99, 100, 101, 1_500]) {
    const columns = Array.from({ length: count }, (_, at) => `, ${at} as col_${at}`)
    const [wide] = await ask(world, `select 'A' as external_id, 'n' as name${columns.join('')}`)
    assert.deepEqual(
      JSON.parse(wide?.attributes ?? ''),
      Object.fromEntries(columns.map((_, at) => [`col_${at}`, at])),
      `${count}`,
    )
  }
})

const json: [text: string, stored: string | null][] = [
  ['{"a": 1.50, "b": [null, true]}', '{"a": 1.50, "b": [null, true]}'],
  ['"plain"', '"plain"'],
  ['null', 'null'],
  ['{"a":1,"a":2}', '{"a": 2}'],
  [String.raw`"\u00e9\ud83d\ude00"`, '"é😀"'],
  [String.raw`"\u0000"`, null],
  [String.raw`{"\u0000": 1}`, null],
  [String.raw`"\ud83d"`, null],
  [String.raw`"\ude00\ud83d"`, null],
  [String.raw`"\ud83d\ud83d\ude00"`, null],
  [String.raw`"\\u0000"`, String.raw`"\\u0000"`],
  [String.raw`"\\\u0000"`, null],
  [String.raw`"\\\\u0000"`, String.raw`"\\\\u0000"`],
  [String.raw`"\"\\ud83d"`, String.raw`"\"\\ud83d"`],
  ['1e1000000', null],
  ['{"n": 1e-1000000}', null],
  ['1E+0131073', null],
  ['1e3', '1000'],
  ['1e0001', '10'],
  ['"1e1000000"', '"1e1000000"'],
  ['{"serial": "AE12345", "e10023": "x\\"e99999"}', '{"e10023": "x\\"e99999", "serial": "AE12345"}'],
]

for (const version of [15, 18] as const) {
  test(`json that cannot be jsonb is stored as a string of its text; all other json as json: on ${version}`, async (t) => {
    const world = await createWorld(t, { source: version })
    await world.source.query('create table meter (external_id text, name text, more json)')
    await world.source.query(
      `insert into meter select at, 'n', text::json from unnest($1::text[]) with ordinality as j(text, at)
       union all select 0, 'n', null`,
      [json.map(([text]) => text)],
    )
    const agent = await world.agent()
    assertCounts(await agent.settled(), { read: json.length + 1, inserted: json.length + 1 })
    const rows = await world.sync.query<{ more: string }>(
      `select (attributes -> 'more')::text as more from sync.meter order by external_id::int`,
    )
    const [{ literal } = {}] = await world.sync.query<{ literal: string[] }>(
      'select array(select to_jsonb(text)::text from unnest($1::text[]) with ordinality as j(text, at) order by at) as literal',
      [json.map(([text]) => text)],
    )
    assert.equal(rows[0]?.more, 'null')
    for (const [at, [text, stored]] of json.entries()) assert.equal(rows[at + 1]?.more, stored ?? literal?.[at], text)
    const before = await rowVersions(world.sync)
    assertCounts(await agent.sync(), { read: json.length + 1 })
    assert.deepEqual(await rowVersions(world.sync), before)
  })
}

for (const version of [15, 18] as const) {
  test(`texts of a Client System with another encoding than UTF8 are mirrored: on ${version}`, async (t) => {
    const world = await createWorld(t, { source: version })
    const name = `${world.source.name}_latin`
    await world.source.query(`create database ${name} encoding 'LATIN1' locale 'C' template template0`)
    const url = new URL(world.source.url)
    url.pathname = name
    const query = String.raw`select 'ü' as external_id, 'Zähler' as name, 'é' as note,
      shobj_description((select oid from pg_database where datname = current_database()), 'pg_database') as location, 'two' as "üü", 'three' as abc, '{"é": "\u0041\\u20ac"}'::json as fine,
      '"\u20ac"'::json as "no euro"`
    const agent = await world.agent({ CLIENT_SYSTEM_URL: url.href, CLIENT_SYSTEM_QUERY: query })
    assertCounts(await agent.settled(), { read: 1, inserted: 1 })
    assert.deepEqual(await world.sync.query('select external_id, name, attributes from sync.meter'), [
      {
        external_id: 'ü',
        name: 'Zähler',
        attributes: { üü: 'two', abc: 'three', note: 'é', fine: { é: 'A\\u20ac' }, 'no euro': String.raw`"\u20ac"` },
      },
    ])
    const before = await rowVersions(world.sync)
    assertCounts(await agent.sync(), { read: 1 })
    assert.deepEqual(await rowVersions(world.sync), before)
    await world.source.query(`comment on database ${name} is 'Hall'`)
    const run = await agent.sync()
    assertCounts(run, { read: 1, updated: 1 })
    const { body } = await agent.api<{ changes: Change[] }>(`/api/runs/${run.id}/changes`)
    assert.deepEqual(
      body.changes.map(({ before, after }) => [before, after]),
      [[{ location: null }, { location: 'Hall' }]],
    )
    await agent.stop()
    await world.source.query(`drop database ${name}`)
  })
}

test('an id that is too long in UTF8 is rejected, even if it is short enough in the encoding of the source', async (t) => {
  const world = await createWorld(t)
  const name = `${world.source.name}_latin`
  await world.source.query(`create database ${name} encoding 'LATIN1' locale 'C' template template0`)
  const url = new URL(world.source.url)
  url.pathname = name
  const query = `
    select case n when 1 then repeat('ü', 501) when 2 then repeat('ü', 500) else 'three' end as external_id, 'Name' as name
    from generate_series(1, 3) n`
  const agent = await world.agent({ CLIENT_SYSTEM_URL: url.href, CLIENT_SYSTEM_QUERY: query })
  assertCounts(await agent.settled(), { read: 3, inserted: 2, rejected: 1 })
  const run = await agent.sync()
  assertCounts(run, { read: 3, rejected: 1 })
  assert.equal(run.readMode, 'narrow')
  const { body } = await agent.api<{ rejected: Rejected[] }>(`/api/runs/${run.id}/rejected`)
  assert.deepEqual(
    body.rejected.map(({ reason }) => reason),
    [{ code: 'id_too_long' }],
  )
  await agent.stop()
  await world.source.query(`drop database ${name}`)
})

test('the text of a value does not depend on the settings of the database or the role of the Client System', async (t) => {
  const world = await createWorld(t)
  await world.source.query(`
    do $do$ begin
      execute format('alter database %I set timezone = %L', current_database(), 'Asia/Kathmandu');
      execute format('alter database %I set datestyle = %L', current_database(), 'SQL, DMY');
      execute format('alter database %I set intervalstyle = %L', current_database(), 'iso_8601');
      execute format('alter database %I set extra_float_digits = -10', current_database());
      execute format('alter database %I set bytea_output = %L', current_database(), 'escape');
      execute format('alter database %I set standard_conforming_strings = off', current_database());
      execute format('alter database %I set statement_timeout = 200', current_database());
      execute format('alter database %I set default_transaction_isolation = %L', current_database(), 'serializable');
    end $do$`)
  const [row] = await ask(
    world,
    `select timestamptz '2026-02-03 04:05:06.7+00' as external_id, 'n' as name, '007' as port, interval '1 day 2:03' as location,
       date '2026-02-03' as day, 0.1::float8 as factor, '\\xdead'::bytea as raw, '{"a": "\\\\u0000"}'::json as j,
       timestamptz '2026-02-03 04:05:06+00' as at
     from (select pg_sleep(0.3)) slow where slow is not null`,
  )
  assert.deepEqual(row, {
    external_id: '2026-02-03 04:05:06.7+00',
    name: 'n',
    serial_number: null,
    kind: null,
    unit: null,
    location: '1 day 02:03:00',
    ip_address: null,
    port: '7',
    active: 'true',
    attributes: String.raw`{"j": {"a": "\\u0000"}, "at": "2026-02-03T04:05:06+00:00", "day": "2026-02-03", "raw": "\\xdead", "factor": 0.1}`,
    nested: false,
    cut_id: null,
    row_bytes: null,
  })
})

test('F11: the Sync database is never mirrored into itself; another table in the same database is accepted', async (t) => {
  const world = await createWorld(t)
  await world.sync.query(`
    create view disguised as select external_id, name || '!' as name from sync.meter;
    create table meter (external_id text, name text);
    insert into meter values ('1', 'One')`)
  const self = { CLIENT_SYSTEM_URL: world.sync.url }
  const fine = await world.agent(self)
  assertCounts(await fine.settled(), { read: 1, inserted: 1 })
  await fine.stop()
  const before = await rowVersions(world.sync)
  for (const query of [
    'select external_id, name from sync.meter',
    'select * from disguised',
    'select m.* from meter m where exists (select from sync.run)',
    'select id as external_id, name from pgboss.job',
  ]) {
    const agent = await world.agent({ ...self, CLIENT_SYSTEM_QUERY: query })
    assert.equal(failed(await agent.settled()).code, 'same_database', query)
    const { body } = await agent.api<Problem>('/api/preview', { method: 'POST' })
    assert.equal(body.code, 'same_database', query)
    assert.deepEqual(await rowVersions(world.sync), before)
    await agent.stop()
  }
})

test('F21: an error of megabytes is cut, and every subscriber receives it', async (t) => {
  const world = await createWorld(t)
  await world.source.query(`
    create table meter as select 1 as external_id, 'n' as name, repeat('y', 1000000) as raw;
    create view wrong as select external_id, name, raw::int from meter`)
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: 'select * from wrong' })
  const error = failed(await agent.settled())
  assert.equal(error.code, 'source_query')
  assert.match(error.message, /invalid input syntax for type integer: "yyy/)
  assert.ok(error.message.length < 5_000, `${error.message.length} characters`)
  await agent.stop()
  const query = `select 1 as id, 'n' as name from (select 'host=db password=hunter22' as dsn, '${'z'.repeat(50_000)}' as z) x`
  const hinted = await world.agent({ CLIENT_SYSTEM_QUERY: query })
  const run: Run = await hinted.settled()
  assert.match(failed(run).hint ?? '', /^Set CLIENT_SYSTEM_QUERY to: select q\.id as external_id.*password=…/)
  assert.ok((failed(run).hint ?? '').length < 5_000)
})
