import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import pg from 'pg'
import type { Counts } from '../../src/events.ts'
import { compareBothSides, counted, rowVersions } from '../support/mirror.ts'
import { createWorld, type Database } from '../support/world.ts'

/**
 * Random edits of the Client System, a run after each handful of them, and after every run: the mirror is what a
 * statement that shares nothing with the agent says it must be, the counts are the true difference, and one more run
 * writes nothing. Edits are SQL, so that a counterexample can be read and run. On a failure the seed is printed with
 * it; FC_SEED repeats it.
 */
const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31)
const sequences = Number(process.env.FC_RUNS ?? 10)

const quote = pg.escapeLiteral
const ids = [
  '1',
  '2',
  '3',
  '10',
  '9007199254740993',
  '9007199254740994',
  'a',
  'A',
  'Ω',
  ' a',
  'a ',
  "it's",
  'back\\slash',
  'tab\t',
  '💡',
  'é',
  'e\u0301',
  'null',
]
const id = fc.constantFrom(...ids).map(quote)
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }).map((value) => quote(value.replaceAll('\0', ''))),
  fc.constantFrom("''", "' '", "'kWh'", "E'\\n'", 'null', 'null'),
)
const word = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }).map((value) => quote(`M${value.replaceAll('\0', '')}`)),
)
const literal = (...values: string[]) => fc.constantFrom(...values, 'null')
const columns = {
  name: word,
  serial_number: text,
  kind: text,
  unit: literal("'kWh'", "'m³'"),
  location: text,
  ip_address: literal("'10.0.0.1'", "'10.0.0.1/32'", "'10.0.0.0/8'", "'::1'", "'::ffff:10.0.0.1'"),
  port: literal('1', '80', '502', '65535'),
  active: literal('true', 'false'),
  a_bigint: literal('0', '-1', '9223372036854775807'),
  a_numeric: literal('1.5', '1.50', '0', '-0.000', "'NaN'", '1e30'),
  a_double: literal('0.1', '1e-300', "'-Infinity'", "'NaN'", '-0.0', '3'),
  a_timestamptz: literal(
    "'2026-03-29 02:30+01'",
    "'2026-03-29 01:30+00'",
    "'infinity'",
    "'2026-01-01 00:00:00.000001Z'",
  ),
  a_date: literal("'2026-02-28'", "'0044-03-15 BC'"),
  an_interval: literal("'1 day'", "'24 hours'", "'-1 mon 2 days'"),
  a_jsonb: literal(`'{"a": 1, "b": [null]}'`, `'{"b": [null], "a": 1.0}'`, `'[]'`, `'"s"'`, `'null'`),
  an_array: literal("'{}'", "'{1,NULL}'", `'{"a,b"}'`, "'{{1},{2}}'"),
  a_bytea: literal("'\\x'", "'\\x00ff'"),
  a_uuid: literal("'6ba7b810-9dad-11d1-80b4-00c04fd430c8'"),
  a_bpchar: literal("'x'", "'x   '", "''"),
}
const names = Object.keys(columns)
const assignment = fc.oneof(
  ...Object.entries(columns).map(([column, value]) => fc.record({ column: fc.constant(column), value })),
)
const assignments = fc
  .uniqueArray(assignment, { minLength: 1, maxLength: 3, selector: ({ column }) => column })
  .map((chosen) => chosen.map(({ column, value }) => `${column} = ${value}`).join(', '))
const few = fc.uniqueArray(id, { minLength: 1, maxLength: 5 })
const spoil = fc.constantFrom(
  "name = ''",
  'name = null',
  'port = 0',
  'port = 70000',
  'external_id = null',
  `external_id = ' '`,
)

const insert = (of: string, values: string[]) =>
  `insert into meter (external_id, ${names}) select ${of}, ${values} where not exists (select from meter where external_id = ${of})`
const swap = (a: string, b: string) =>
  `update meter set external_id = case external_id when ${a} then ${b} else ${a} end where external_id in (${a}, ${b})`
const nowAndThen = [
  'delete from meter',
  'update meter set a_numeric = a_numeric * 1.0',
  `alter table meter add column if not exists extra jsonb default '{"x": 1.0}'`,
  'alter table meter drop column if exists extra',
]
const repairs = [
  `delete from meter where external_id is null or external_id = ' '`,
  'delete from meter a using meter b where a.external_id = b.external_id and a.ctid < b.ctid',
  `update meter set name = 'M repaired', port = null where name is null or name = '' or port in (0, 70000)`,
]

const edit = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.tuple(assignments, few).map(([to, of]) => `update meter set ${to} where external_id in (${of})`),
  },
  { weight: 1, arbitrary: assignments.map((to) => `update meter set ${to}`) },
  { weight: 6, arbitrary: fc.tuple(id, fc.tuple(...Object.values(columns))).map(([of, values]) => insert(of, values)) },
  { weight: 4, arbitrary: few.map((of) => `delete from meter where external_id in (${of})`) },
  { weight: 2, arbitrary: fc.tuple(id, id).map(([a, b]) => swap(a, b)) },
  { weight: 1, arbitrary: id.map((of) => `insert into meter select * from meter where external_id = ${of} limit 1`) },
  { weight: 1, arbitrary: fc.tuple(spoil, id).map(([to, of]) => `update meter set ${to} where external_id = ${of}`) },
  { weight: 3, arbitrary: fc.constantFrom(...repairs) },
  { weight: 2, arbitrary: fc.constantFrom(...nowAndThen) },
)

const populate = `insert into meter (external_id, name, kind, active, a_numeric) select id, 'M', 'k', true, 1.5 from unnest(array[${ids.map(quote)}]) id`

/** What a run must make of both sides as they are now; kept in the Sync database until the run is over. */
const predict = `
  drop table if exists expected, wanted, was, read;
  create table was as select m.id, o.* from sync.meter m join ours o using (external_id);
  create table read as
    select *, external_id is null or external_id ~ '^\\s*$' as nameless,
      coalesce(external_id ~ '\\S' and name ~ '\\S', false) and coalesce(port::int between 1 and 65535, true)
        and count(*) over (partition by external_id) = 1 as usable
    from theirs;
  create table wanted as
    with verdict as (
      select exists (select from read where nameless) or not exists (select from read) as withholds
    ), pair as (
      select r.external_id as theirs, w.external_id as ours, w.removed_at,
        (r.name, r.serial_number, r.kind, r.unit, r.location, r.ip_address, r.port, r.active, r.attributes)
          is distinct from (w.name, w.serial_number, w.kind, w.unit, w.location, w.ip_address, w.port, w.active, w.attributes) as differs
      from (select * from read where usable) r full join was w using (external_id)
    ), missing as (
      select * from was w where removed_at is null and not exists (select from read r where r.external_id = w.external_id)
    )
    select
      (select count(*) from read)::int as read,
      (select count(*) from read where not usable)::int as rejected,
      count(*) filter (where ours is null)::int as inserted,
      count(*) filter (where theirs = ours and (differs or removed_at is not null))::int as updated,
      count(*) filter (where theirs = ours and not differs and removed_at is null)::int as unchanged,
      count(*) filter (where theirs = ours and removed_at is not null)::int as restored,
      (select count(*) from missing, verdict where not withholds)::int as deleted,
      (select count(*) from missing, verdict where withholds)::int as withheld
    from pair;
  create table expected as
    select external_id, name, serial_number, kind, unit, location, ip_address, port, active, attributes, true as present
    from read where usable
    union all
    select w.external_id, w.name, w.serial_number, w.kind, w.unit, w.location, w.ip_address, w.port,
      case when gone then 'false' else w.active end, w.attributes, w.removed_at is null and not gone
    from was w
    cross join lateral (
      select (select deleted > 0 from wanted) and w.removed_at is null
        and not exists (select from read r where r.external_id = w.external_id) as gone
    ) fate
    where not exists (select from read r where r.usable and r.external_id = w.external_id)`

const actual = `
  select external_id, name, serial_number, kind, unit, location, ip_address, port, active, attributes, removed_at is null as present
  from ours`
const disagreement = `
  (select 'expected' as side, * from (select * from expected except all ${actual}) e)
  union all
  (select 'actual', * from (${actual} except all select * from expected) a)`
const lostIdentity = `select * from was w where not exists (select from sync.meter m where m.id = w.id and m.external_id = w.external_id)`

async function createTable(source: Database): Promise<void> {
  await source.query(`
    drop table if exists meter;
    create table meter (
      external_id text, name text, serial_number varchar(20), kind text, unit measure, location text,
      ip_address inet, port integer, active boolean, a_bigint bigint, a_numeric numeric, a_double float8,
      a_timestamptz timestamptz, a_date date, an_interval interval, a_jsonb jsonb, an_array text[], a_bytea bytea,
      a_uuid uuid, a_bpchar char(4)
    )`)
}

const pairs = [
  { source: 18, sync: 18 },
  { source: 15, sync: 18 },
  { source: 18, sync: 15 },
  { source: 15, sync: 15 },
] as const

suite('random edits', { concurrency: true }, () => {
  for (const [at, versions] of pairs.entries()) {
    test(`1.2 to 1.5, 5.1 and Invariants 1, 5, 8 hold under random edits: ${versions.source} to ${versions.sync}`, async (t) => {
      t.diagnostic(`FC_SEED=${seed}`)
      const world = await createWorld(t, versions)
      await world.source.query(`create type measure as enum ('kWh', 'm³')`)
      await createTable(world.source)
      await compareBothSides(world)
      const limit = '999999999'
      const agent = await world.agent({ DELETE_GUARD_MINIMUM: limit, DELETE_GUARD_MAXIMUM: limit })
      await agent.settled()
      const handful = fc.array(edit, { minLength: 1, maxLength: 12, size: 'max' })
      const property = fc.asyncProperty(
        fc.array(handful, { minLength: 2, maxLength: 6, size: 'max' }),
        async (steps) => {
          await createTable(world.source)
          await world.source.query(populate)
          await world.sync.query('truncate sync.meter cascade')
          for (const edits of steps) {
            await world.source.query(edits.join(';\n'))
            await world.sync.query(predict)
            const run = await agent.sync()
            const [wanted] = await world.sync.query<Counts>('select * from wanted')
            assert.deepEqual(counted(run), wanted)
            assert.deepEqual(await world.sync.query(disagreement), [])
            assert.deepEqual(await world.sync.query(lostIdentity), [])
            const written = await rowVersions(world.sync)
            const { inserted, updated, deleted } = counted(await agent.sync())
            assert.deepEqual([inserted, updated, deleted], [0, 0, 0])
            assert.deepEqual(await rowVersions(world.sync), written)
          }
        },
      )
      await fc.assert(property, {
        seed: seed + at,
        numRuns: sequences,
        interruptAfterTimeLimit: 15_000,
      })
    })
  }
})
