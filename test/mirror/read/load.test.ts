import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDeployment, runStatement } from '../../support/deployment.ts'
import { createEncoded } from '../../support/encodings.ts'
import { createGatedWorld } from '../../support/meters.ts'
import { assertCounts, assertRead, counted, failed } from '../../support/mirror.ts'
import { createWorld, type Database, type World } from '../../support/world.ts'

/** Rows that the Client System can and cannot tell to be valid. The number says how many of each are stored. */
const rows: [stored: 0 | 1, row: Record<string, string | null>][] = [
  [1, { external_id: '1', name: 'plain', port: '502', active: 'yes', note: 'a "note"', location: '  ' }],
  [1, { external_id: 'zero', name: 'leading zeros', port: '00502', active: 'off', note: null, location: null }],
  [1, { external_id: '~', name: '!', port: null, active: null, note: '\\', location: 'é' }],
  [1, { external_id: 'Ölmühle', name: 'Ünter', port: '1' }],
  [1, { external_id: 'Счётчик', name: 'Счётчик' }],
  [1, { external_id: '電力', name: '計器', port: '65535' }],
  [1, { external_id: 'ខ្មែរ', name: 'ᠮᠣᠩᠭᠣᠯ' }],
  [1, { external_id: ' padded', name: '\u3000padded' }],
  [1, { external_id: '\u007f', name: '\u200b' }],
  [0, { external_id: null, name: 'no id' }],
  [0, { external_id: ' ', name: 'blank id' }],
  [0, { external_id: '\u3000\u3000', name: 'blank id' }],
  [0, { external_id: 'a', name: null }],
  [0, { external_id: 'b', name: '\u0085\u00a0' }],
  [0, { external_id: 'c', name: '\u1680\u2028\u3000\ufeff' }],
  [0, { external_id: 'd', name: 'port', port: '0' }],
  [0, { external_id: 'e', name: 'port', port: '65536' }],
  [0, { external_id: 'f', name: 'port', port: '80.5' }],
  [0, { external_id: 'g', name: 'active', active: 'maybe' }],
  [0, { external_id: 'k'.repeat(1_001), name: 'long id' }],
]

async function insertRows(source: Database, some: typeof rows): Promise<void> {
  await source.query(
    'create table meter (external_id text, name text, port text, active text, note text, location text)',
  )
  await source.query('insert into meter select * from jsonb_populate_recordset(null::meter, $1)', [
    JSON.stringify(some.map(([, row]) => row)),
  ])
}

/** Adds a trigger that changes nothing. Its presence makes a first load stage every meter. */
async function addTrigger({ sync }: World): Promise<void> {
  await sync.query(`
    create function keep() returns trigger language plpgsql as 'begin return new; end';
    create trigger keep before insert on sync.meter for each row execute function keep()`)
}

/** Returns what a first load of the source leaves in the Sync database. */
async function load(world: World, url: string, query = 'select * from meter') {
  const agent = await world.agent({ CLIENT_SYSTEM_URL: url, CLIENT_SYSTEM_QUERY: query })
  const run = await agent.settled()
  assertRead(run, 'full')
  const meters = await world.sync.query(`
    select external_id, name, serial_number, kind, unit, location, ip_address, port, attributes::text, active
    from sync.meter
    order by external_id`)
  const rejected = await world.sync.query(
    'select reason, external_id from sync.rejected_row order by reason, external_id',
  )
  return { agent, run, stored: { meters, rejected } }
}

/** True when a subtransaction stored the meters, as only a load from the source does. */
async function isLoaded({ sync }: World): Promise<boolean> {
  const stored = await sync.query(
    `select from sync.meter m join sync.run r on r.id = m.created_run_id where m.xmin <> r.xmin limit 1`,
  )
  return stored.length > 0
}

for (const version of [15, 18] as const) {
  test(`a first load stores and rejects the same rows as one that stages every meter: on ${version}`, async (t) => {
    const loading = await createWorld(t, { sync: version, source: version })
    const staging = await createWorld(t)
    await insertRows(loading.source, rows)
    await addTrigger(staging)
    const loaded = await load(loading, loading.source.url)
    const staged = await load(staging, loading.source.url)
    assert.deepEqual(loaded.stored, staged.stored)
    assert.deepEqual(counted(loaded.run), counted(staged.run))
    const valid = rows.filter(([stored]) => stored === 1).length
    assertCounts(loaded.run, { read: rows.length, inserted: valid, rejected: rows.length - valid })
    assert.deepEqual([await isLoaded(loading), await isLoaded(staging)], [true, false])

    const next = await loaded.agent.sync()
    assertRead(next, 'narrow')
    assertCounts(next, { rejected: rows.length - valid })
  })
}

test('a first load from a database with another encoding than UTF8 stages what begins beyond ASCII', async (t) => {
  const world = await createWorld(t)
  const database = await createEncoded(world, world.source, 'EUC_JP')
  const query = `select * from (values ('1', 'plain'), ('2', '計器'), ('電力', 'name'), ('3', '\u3000')) q (external_id, name)`
  const { agent, run, stored } = await load(world, database.url, query)
  assertCounts(run, { read: 4, inserted: 3, rejected: 1 })
  assert.deepEqual(
    stored.meters.map((meter) => [meter.external_id, meter.name]),
    [
      ['1', 'plain'],
      ['2', '計器'],
      ['電力', 'name'],
    ],
  )
  await agent.stop()
})

const unloadable: Record<string, { change: (world: World) => Promise<unknown>; inserted: number; rejected: number }> = {
  'two valid rows have the same id': {
    change: ({ source }) => source.query(`insert into meter (external_id, name) values ('1', 'twin')`),
    inserted: 2,
    rejected: 2,
  },
  'an invalid row has the id of a valid one': {
    change: ({ source }) => source.query(`insert into meter (external_id, name) values ('1', null)`),
    inserted: 2,
    rejected: 2,
  },
  'a valid row that is staged has the id of another': {
    change: ({ source }) => source.query(`insert into meter (external_id, name) values ('1', '\u3000twin')`),
    inserted: 2,
    rejected: 2,
  },
  'the table has a trigger': { change: addTrigger, inserted: 3, rejected: 0 },
}

for (const [because, { change, inserted, rejected }] of Object.entries(unloadable)) {
  test(`a first load stages every meter when ${because}`, async (t) => {
    const world = await createWorld(t)
    await insertRows(world.source, rows.slice(0, 3))
    await change(world)
    const { run } = await load(world, world.source.url)
    assertCounts(run, { read: inserted + rejected, inserted, rejected })
    assert.equal(await isLoaded(world), false)
  })
}

test('a first load stages every meter when the query does not return the same rows twice', async (t) => {
  const world = await createWorld(t)
  await insertRows(world.source, rows.slice(0, 3))
  const query = 'select external_id, name || random() as name from meter'
  const { run } = await load(world, world.source.url, query)
  assertCounts(run, { read: 3, inserted: 3 })
  assert.equal(await isLoaded(world), false)
})

test('a first load stages every meter when the first two of many rows have the same id', async (t) => {
  const world = await createWorld(t)
  const query = `select greatest(n, 2) as external_id, 'Meter' as name, repeat('x', 1000) as note from generate_series(1, 20000) n`
  const { run } = await load(world, world.source.url, query)
  assertCounts(run, { read: 20_000, inserted: 19_998, rejected: 2 })
  assert.equal(await isLoaded(world), false)
})

test('a first load does not store meters beside those of another program', async (t) => {
  const world = await createWorld(t)
  await insertRows(world.source, rows.slice(0, 3))
  const run = '00000000-0000-7000-8000-000000000000'
  await world.sync.query(
    `insert into sync.meter (client_system_id, external_id, name, attributes, active, created_run_id, last_run_id)
     values ('main', 'other', 'by hand', '{}', true, $1, $1)`,
    [run],
  )
  const { run: first } = await load(world, world.source.url)
  assertCounts(first, { read: 3, inserted: 3, deleted: 1 })
  assert.equal(await isLoaded(world), false)
})

test('a first load stages every meter when another program stores one without hashes meanwhile', async (t) => {
  const { world, gate, environment } = await createGatedWorld(t)
  const open = await gate.close()
  const agent = await world.agent(environment)
  await gate.untilReached()
  await world.sync.query(`
    insert into sync.meter (client_system_id, external_id, name, attributes, active, created_run_id, last_run_id)
    values ('main', 'other', 'by hand', '{}', true, gen_random_uuid(), gen_random_uuid())`)
  await open()
  assertCounts(await agent.settled(), { read: 3, inserted: 3, deleted: 1 })
  assert.equal(await isLoaded(world), false)
})

/** Returns a query of 600 rows that takes more than 2 s and yields rows all the time; those with this condition are valid. */
const slowly = (valid: string) => `
  select n as external_id, case when ${valid} then 'Meter' end as name, repeat('x', 1000) as note
  from generate_series(1, 600) n
  where pg_sleep(0.004) is not null`

test('a first load waits longer for the rows that it stages than for those that it copies', async (t) => {
  const world = await createWorld(t)
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: slowly('n > 30'), READ_IDLE_SECONDS: '1' })
  assertCounts(await agent.settled(), { read: 600, inserted: 570, rejected: 30 })
  assert.equal(await isLoaded(world), true)
})

const slow: Record<string, { valid: string; rejected: number; timeouts: Record<string, string> }> = {
  'the query takes longer than READ_START_SECONDS': {
    valid: 'true',
    rejected: 0,
    timeouts: { READ_START_SECONDS: '1' },
  },
  'no valid row comes for READ_IDLE_SECONDS': { valid: 'n <= 30', rejected: 570, timeouts: { READ_IDLE_SECONDS: '1' } },
}

for (const [because, { valid, rejected, timeouts }] of Object.entries(slow)) {
  test(`after a first load that timed out because ${because}, the next run stages every meter`, async (t) => {
    const world = await createWorld(t)
    const agent = await world.agent({ CLIENT_SYSTEM_QUERY: slowly(valid), ...timeouts })
    assert.equal(failed(await agent.settled()).code, 'source_timeout')
    const run = await agent.sync()
    assertRead(run, 'full', 'no_meters')
    assertCounts(run, { read: 600, inserted: 600 - rejected, rejected })
    assert.equal(await isLoaded(world), false)
  })
}

test('a first load stages every meter when the table has policies, which COPY refuses', async (t) => {
  const { world, environment, ownerUrl, migrate, grant } = await createDeployment(t, 18)
  await migrate()
  await grant()
  await runStatement(ownerUrl, 'alter table sync.meter enable row level security')
  await runStatement(ownerUrl, 'create policy everything on sync.meter using (true) with check (true)')
  const agent = await world.agent(environment())
  assertCounts(await agent.settled(), { read: 100, inserted: 100 })
  await agent.stop()
})
