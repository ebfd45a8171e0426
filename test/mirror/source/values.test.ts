import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Change, Rejected } from '../../../src/wire/types.ts'
import { createEncoded } from '../../support/encodings.ts'
import { assertCounts, rowVersions } from '../../support/mirror.ts'
import { readStaged } from '../../support/source.ts'
import { createWorld } from '../../support/world.ts'

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
  test(`R5.12: json that cannot be jsonb is stored as a string of its text; all other json as json: on ${version}`, async (t) => {
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
  test(`R5.12: texts of a Client System with another encoding than UTF8 are mirrored: on ${version}`, async (t) => {
    const world = await createWorld(t, { source: version })
    const database = await createEncoded(world, world.source, 'LATIN1')
    const query = String.raw`select 'ü' as external_id, 'Zähler' as name, 'é' as note,
      shobj_description((select oid from pg_database where datname = current_database()), 'pg_database') as location, 'two' as "üü", 'three' as abc, '{"é": "\u0041\\u20ac"}'::json as fine,
      '"\u20ac"'::json as "no euro"`
    const agent = await world.agent({ CLIENT_SYSTEM_URL: database.url, CLIENT_SYSTEM_QUERY: query })
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
    await world.source.query(`comment on database ${database.name} is 'Hall'`)
    const run = await agent.sync()
    assertCounts(run, { read: 1, updated: 1 })
    const { body } = await agent.api<{ changes: Change[] }>(`/api/runs/${run.id}/changes`)
    assert.deepEqual(
      body.changes.map(({ before, after }) => [before, after]),
      [[{ location: null }, { location: 'Hall' }]],
    )
    await agent.stop()
  })
}

test('an id that is too long in UTF8 is rejected, even if it is short enough in the encoding of the source', async (t) => {
  const world = await createWorld(t)
  const database = await createEncoded(world, world.source, 'LATIN1')
  const query = `
    select case n when 1 then repeat('ü', 501) when 2 then repeat('ü', 500) else 'three' end as external_id, 'Name' as name
    from generate_series(1, 3) n`
  const agent = await world.agent({ CLIENT_SYSTEM_URL: database.url, CLIENT_SYSTEM_QUERY: query })
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
})

test('R5.12: the text of a value does not depend on the settings of the database or the role of the Client System', async (t) => {
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
  const [row] = await readStaged(
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
