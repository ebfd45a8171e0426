import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import pg from 'pg'
import { parseCsvRecord } from '../../src/http/csv.ts'
import { containsPair } from '../../src/meters/words.ts'
import type { Meter, MeterFacets } from '../../src/wire/types.ts'
import { createMeters } from '../support/meters.ts'
import { createWorld, eventually, findLogged, type TestAgent, type World } from '../support/world.ts'
import { countFacets, find, type Query, readKnown } from './model.ts'

type Page = { meters: Meter[]; total: number | null; totalIsExact: boolean; next: string | null }

const texts = [
  ...['2', '10', '007', '7', 'E-1042', 'e-1042', 'Meter 2', 'meter 10', 'Zähler', 'Zahler 3', 'ΣΊΣΥΦΟΣ', 'İstanbul'],
  ...[
    '100 % sure',
    'under_score',
    'back\\slash',
    `o'brien "x"`,
    'a,b',
    '=1+1',
    'tab\there',
    '½ m²',
    '😀 5',
    'ﬁne',
    'straße',
  ],
]
const text = fc.oneof(
  fc.constantFrom(...texts),
  fc.integer({ min: 0, max: 120 }).map(String),
  fc.string({ unit: fc.constantFrom(...'aB1 0-_%äé'), minLength: 1, maxLength: 12 }),
)
const named = text.filter((one) => one.trim() !== '')
const location = fc.constantFrom('Hall 2', 'Hall 10', 'hall 2', 'Büro', 'B1, floor 3', '', null)
const kind = fc.constantFrom('water', 'heat', 'Heat', null)
const row = fc.record({ name: named, serial: fc.option(text), kind, location, active: fc.boolean() })
const query = fc.record(
  {
    q: fc.oneof(
      text,
      fc.tuple(text, text).map((two) => two.join(' ')),
      fc.constantFrom('a', '1', '%', '\\', 'hall 2'),
    ),
    state: fc.constantFrom('active', 'inactive', 'all'),
    kind: fc.constantFrom('water', 'heat', ''),
    location: fc.constantFrom('Hall 2', 'Hall 10', '', 'nowhere'),
    collection: fc.constantFrom('reporting', 'late', 'silent', 'never', 'stillReporting', 'quiet'),
    sort: fc.constantFrom('externalId', 'name', 'location', 'lastReading', 'updated'),
    order: fc.constantFrom('asc', 'desc'),
  },
  { requiredKeys: [] },
) satisfies fc.Arbitrary<Query>
/** Queries that are answered in ways of their own. */
const special: Query[] = [
  {},
  { state: 'active' },
  { state: 'inactive' },
  { sort: 'lastReading', order: 'desc' },
  { sort: 'lastReading', order: 'desc', q: 'a' },
  { sort: 'lastReading', order: 'asc' },
  { collection: 'silent' },
  { collection: 'late', sort: 'name' },
  { collection: 'late', state: 'inactive' },
  { collection: 'silent', kind: 'heat' },
]
const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31)

/** Brings random meters to the agent in three syncs, with readings of some of them. */
async function createRandomMeters(world: World): Promise<TestAgent> {
  const meters = new Map(
    fc.sample(fc.tuple(named, row), { numRuns: 160, seed }).map(([id, row]) => [id, { external_id: id, ...row }]),
  )
  await world.source.query(`
    create table meter (external_id text primary key, name text, serial text, kind text, location text, active boolean)`)
  const add = async (rows: object[]) =>
    await world.source.query('insert into meter select * from jsonb_populate_recordset(null::meter, $1)', [
      JSON.stringify(rows),
    ])
  const rows = [...meters.values()]
  await add(rows.slice(50))
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: 'select *, serial as serial_number from meter' })
  await agent.settled()
  await add(rows.slice(0, 50))
  await agent.sync()
  await world.source.query(`update meter set kind = 'heat' where hashtext(external_id) % 4 = 0`)
  await agent.sync()
  await world.sync.query(`
    insert into sync.meter_reading (meter_id, quantity, read_at, value)
    select id, 'energy', now() - make_interval(hours => 1 + 2 * (id % 6)::integer, mins => 7), 1.50
    from sync.meter where id % 3 > 0`)
  await eventually(async () => await isListed(world))
  return agent
}

async function isListed({ sync }: World): Promise<boolean> {
  return (await sync.query('select from sync.client_system where changed_run_id = listed_run_id')).length === 1
}

async function setOutdated({ sync }: World): Promise<void> {
  await sync.query(`update sync.client_system set changed_run_id = gen_random_uuid()`)
}

function address(path: string, query: Query, more: Record<string, string>): string {
  return `${path}?${new URLSearchParams({ ...query, ...more })}`
}

/** Reads all pages. */
async function readAll(agent: TestAgent, query: Query, limit: number): Promise<{ meters: Meter[]; first: Page }> {
  const read = async (more: Record<string, string>) => {
    const { status, body } = await agent.api<Page>(address('/api/meters', query, { limit: String(limit), ...more }))
    assert.equal(status, 200, JSON.stringify({ query, body, log: agent.log.at(-1) }))
    return body
  }
  const first = await read({})
  const meters = [...first.meters]
  for (let { next } = first; next !== null; ) {
    const page = await read({ after: next })
    assert.equal(page.total, null)
    meters.push(...page.meters)
    next = page.next
  }
  return { meters, first }
}

test('what a run changes is listed at once when it is little, and soon when it is much', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 300)
  const agent = await world.agent()
  await agent.settled()
  await eventually(async () => await isListed(world))
  const listed = async () => {
    const known = await readKnown(world.sync)
    const expected = (query: Query) => find(known, query).map(({ externalId }) => externalId)
    for (const query of [{ sort: 'name' }, { state: 'inactive' }, { q: 'new 7' }, { q: 'Hall 77' }] as const) {
      const { meters } = await readAll(agent, query, 200)
      assert.deepEqual(
        meters.map(({ externalId }) => externalId),
        expected(query),
      )
    }
  }
  await world.source.query(`
    insert into meter (external_id, name, location) values (7000, 'New 7', 'Hall 77');
    update meter set name = 'New 7' where external_id = 8;
    delete from meter where external_id = 9`)
  await agent.sync()
  assert.ok(await isListed(world))
  await listed()
  await world.source.query(`
    update meter set location = 'Hall 77', active = external_id % 2 = 0 where external_id > 100;
    insert into meter (external_id, name) values (9, 'New 7 again')`)
  await agent.sync()
  await listed()
  await eventually(async () => await isListed(world))
  await listed()
  // The clock of the server goes back.
  await world.sync.query(`
    update sync.meter set updated_at = now() + interval '1 hour' where external_id in ('11', '12');
    update sync.meter_listing set updated_at = now() + interval '1 hour' where meter_id in (
      select id from sync.meter where external_id in ('11', '12'))`)
  await world.source.query(`update meter set name = 'New 7 late' where external_id = 11`)
  await agent.sync()
  assert.ok(await isListed(world))
  await listed()
  await setOutdated(world)
  await world.sync.query(`update sync.meter set updated_at = now() where external_id = '12'`)
  await world.source.query(`update meter set name = 'New 7 later' where external_id = 12`)
  await agent.sync()
  await eventually(async () => await isListed(world))
  await listed()
})

test('the list follows other programs after the next run, also when it cannot be written at first, and keeps slow counts', async (t) => {
  const world = await createWorld(t)
  await createMeters(world.source, 300)
  const agent = await world.agent()
  await agent.settled()
  await eventually(async () => await isListed(world))
  await world.sync.query(`
    delete from sync.meter where external_id in ('50', '300');
    insert into sync.meter (client_system_id, external_id, name, attributes, active, created_run_id, last_run_id)
    select 'main', 'foreign ' || n, 'Foreign', '{}', true, gen_random_uuid(), gen_random_uuid() from generate_series(1, 20) n;
    create function refuse() returns trigger language plpgsql as $$ begin raise 'refused'; end $$;
    create trigger refuse before insert on sync.meter_listing execute function refuse()`)
  await world.source.query('delete from meter where external_id = 50')
  const run = await agent.sync()
  assert.deepEqual([run.counts?.inserted, run.counts?.withheld], [1, 20])
  const warning = 'the list of meters could not be corrected; retrying'
  await findLogged(agent, warning)
  await world.sync.query('drop trigger refuse on sync.meter_listing')
  // No further run is needed.
  await eventually(async () => await isListed(world))
  const known = await readKnown(world.sync)
  const { meters } = await readAll(agent, {}, 200)
  assert.deepEqual(
    meters.map(({ id }) => id),
    find(known, {}).map(({ id }) => id),
  )
  const facets = async () => (await agent.api<MeterFacets>('/api/meters/facets')).body
  assert.deepEqual(await facets(), countFacets(known, {}, 50))

  // Counts that took long are shared by those who ask meanwhile, and kept until a run changes meters.
  await world.source.query(`insert into meter (external_id, name, kind) values (50, 'Meter 50', 'water')`)
  await agent.sync()
  const unlock = await world.sync.hold('begin; lock table sync.meter_listing')
  const asked = [facets(), facets()]
  const waiting = `select from pg_locks where not granted and relation = 'sync.meter_listing'::regclass`
  await eventually(
    async () => (await world.sync.query(`${waiting} and waitstart < now() - interval '300 ms'`)).length > 0,
  )
  assert.equal((await world.sync.query(waiting)).length, 1)
  await unlock()
  const counts = countFacets(await readKnown(world.sync), {}, 50)
  assert.deepEqual(await Promise.all(asked), [counts, counts])
  await world.sync.query(`update sync.meter_listing set kind = 'heat'`)
  assert.deepEqual(await facets(), counts)
  await world.source.query(`update meter set kind = 'gas' where external_id = 50`)
  await agent.sync()
  assert.notDeepEqual(await facets(), counts)
})

/** As a cell of a spreadsheet: never a formula, but numbers stay numbers. */
function toCell(value: unknown): string {
  const text = value === null ? '' : String(value)
  const isFormula =
    ['=', '+', '-', '@'].includes(text.replace(/^'+/, '').charAt(0)) && !/^[-+]?[0-9]+([.][0-9]+)?$/.test(text)
  return isFormula ? `'${text}` : text
}

/** Reads a list as CSV, and compares it with the list. */
async function assertCsv(agent: TestAgent, query: Query): Promise<void> {
  const { meters } = await readAll(agent, query, 200)
  const { headers, body } = await agent.api<string>(address('/api/meters', query, { format: 'csv' }))
  assert.equal(headers.get('content-type'), 'text/csv; charset=utf-8')
  // No value of these meters has a line end.
  const [head, ...records] = body.trimEnd().split('\r\n').map(parseCsvRecord)
  assert.deepEqual(
    records.map((fields) => Object.fromEntries(fields?.map((field, at) => [head?.[at] ?? '', field]) ?? [])),
    meters.map(({ lastReading, attributes, clientSystemId: _, ...meter }) => ({
      ...Object.fromEntries(Object.entries(meter).map(([name, value]) => [name, toCell(value)])),
      lastReadAt: lastReading?.readAt ?? '',
      lastQuantity: lastReading?.quantity ?? '',
      lastValue: lastReading ? '1.50' : '',
      lastUnit: '',
      attributes: JSON.stringify(attributes),
    })),
  )
}

test('R7.16: random searches find, sort, page and count what a filter in memory does', {
  timeout: 120_000,
}, async (t) => {
  const world = await createWorld(t)
  const agent = await createRandomMeters(world)
  const known = await readKnown(world.sync)
  await assertCsv(agent, { state: 'active', sort: 'lastReading', order: 'desc' })
  const queries = [
    ...special,
    ...fc.sample(query, { numRuns: 60, seed }),
    ...texts.map((q): Query => ({ q })),
    ...special,
  ]
  for (const [at, query] of queries.entries()) {
    // The second half is answered without the list, as it is while the list is outdated.
    if (at === Math.ceil(queries.length / 2)) await setOutdated(world)
    const context = `seed ${seed}: ${JSON.stringify(query)}`
    const expected = find(known, query)
    const thorough = at % 3 === 0 || special.includes(query)
    const { meters, first } = await readAll(agent, query, thorough ? 7 : 200)
    assert.deepEqual(
      meters.map(({ id, externalId }) => [id, externalId]),
      expected.map(({ id, externalId }) => [id, externalId]),
      context,
    )
    assert.deepEqual([first.total, first.totalIsExact], [expected.length, true], context)
    if (!thorough) continue
    const { sort: _, order: __, ...filter } = query
    const { body } = await agent.api<MeterFacets>(address('/api/meters/facets', filter, { limit: '3' }))
    assert.deepEqual(body, countFacets(known, query, 3), context)
  }
})

test('two letters are found anywhere in a word through the index, except before a Chinese letter in a long list', async (t) => {
  const world = await createWorld(t)
  await world.source.query(`
    create table meter (external_id text primary key, name text, serial text, location text);
    insert into meter values
      ('M1', 'Pump qx', null, null), ('M2', 'qxä 2', 'S', 'Hall'), ('M3', 'aqx-3', null, 'Hall'), ('MQX4', 'Дом 12а', null, 'B2号楼'),
      ('M5', 'Flat', 'Zqx', 'Hall'), ('M6', 'Flat', '9', 'Hall QX'), ('M7', 'qx' || chr(9) || 'tab', '12ω', 'b22'), ('M8', 'ÄÖ', '1', 'q x'),
      ('M9', 'Zähler', 'dqxd', '(qx)'), ('M10', '12', '812', 'ünö')`)
  const agent = await world.agent({ CLIENT_SYSTEM_QUERY: 'select *, serial as serial_number from meter' })
  await agent.settled()
  await eventually(async () => await isListed(world))
  const known = await readKnown(world.sync)
  const search = async (q: string) => (await readAll(agent, { q }, 200)).meters.map(({ externalId }) => externalId)
  const expected = (q: string) => find(known, { q }).map(({ externalId }) => externalId)
  const pairs = ['qx', 'QX', '12', 'äö', 'ÄÖ', 'а ', 'ал', 'öm', 'nö', 'xx', 'hall qx', 'м1', 'm1', '2 qx']
  for (const q of [...pairs, 'b2']) assert.deepEqual(await search(q), expected(q), q)
  await world.sync.query('update sync.client_system set meters_total = 200000')
  for (const q of pairs) assert.deepEqual(await search(q), expected(q), q)
  assert.deepEqual([await search('b2'), await search('b2号')], [['M7'], ['MQX4']])

  const client = new pg.Client({ connectionString: world.sync.url, options: '-c enable_seqscan=off' })
  await client.connect()
  world.after(() => client.end())
  const { rows: plan } = await client.query(`
    explain select from sync.meter_listing listed where ${containsPair('qx', (text) => `'${text}'`)}`)
  assert.match(JSON.stringify(plan), /Bitmap Index Scan on meter_listing_words/)
})
