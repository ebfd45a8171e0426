import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AgentError } from '../../../src/lib/errors.ts'
import type { Problem, Run } from '../../../src/wire/types.ts'
import { createMeters } from '../../support/meters.ts'
import { assertCounts, failed, rowVersions } from '../../support/mirror.ts'
import { readStaged } from '../../support/source.ts'
import { createWorld, type Database, eventually, type World } from '../../support/world.ts'

async function refusal(world: World, query: string, url?: string): Promise<AgentError> {
  try {
    const rows = await readStaged(world, query, url)
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
  assert.equal((await readStaged(world, 'select * from meter', url.href)).length, 3)
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
    const rows = await readStaged(world, proposed)
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
  for (const query of queries) assert.equal((await readStaged(world, query)).length, 3, query)
  const [named] = await readStaged(world, 'select 1 as external_id, $$n$$ as name')
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
  const [row] = await readStaged(world, `select 'A' as external_id, 'n' as name, ${quoted.join(', ')}`)
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
    const [wide] = await readStaged(world, `select 'A' as external_id, 'n' as name${columns.join('')}`)
    assert.deepEqual(
      JSON.parse(wide?.attributes ?? ''),
      Object.fromEntries(columns.map((_, at) => [`col_${at}`, at])),
      `${count}`,
    )
  }
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
  const notified: string[] = []
  const listener = await world.sync.connect()
  listener.on('notification', ({ payload }) => notified.push(payload ?? ''))
  await listener.query('listen meter_sync')
  await agent.sync()
  await eventually(async () => notified.some((notice) => notice.includes('"ended":true')))
  for (const notice of notified) assert.ok(notice.length < 500, notice)
  await agent.stop()
  const query = `select 1 as id, 'n' as name from (select 'host=db password=hunter22' as dsn, '${'z'.repeat(50_000)}' as z) x`
  const hinted = await world.agent({ CLIENT_SYSTEM_QUERY: query })
  const run: Run = await hinted.settled()
  assert.match(failed(run).hint ?? '', /^Set CLIENT_SYSTEM_QUERY to: select q\.id as external_id.*password=…/)
  assert.ok((failed(run).hint ?? '').length < 5_000)
})
