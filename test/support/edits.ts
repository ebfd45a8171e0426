import fc from 'fast-check'
import pg from 'pg'
import type { Database } from './world.ts'

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
const rareEdits = [
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

/** One statement that edits the Client System, to be read and run. */
export const edit = fc.oneof(
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
  { weight: 2, arbitrary: fc.constantFrom(...rareEdits) },
)

/** Returns a property that checks values for this time, and at least one of them, however slow the machine is. */
export function checkFor<Value>(
  milliseconds: number,
  values: fc.Arbitrary<Value>,
  check: (value: Value) => Promise<void>,
): fc.IAsyncPropertyWithHooks<[Value]> {
  const end = performance.now() + milliseconds
  let isFirst = true
  return fc.asyncProperty(values, async (value) => {
    if (!isFirst && performance.now() > end) return
    isFirst = false
    await check(value)
  })
}

/** Creates a meter for each id that the edits use. */
export const populate = `insert into meter (external_id, name, kind, active, a_numeric) select id, 'M', 'k', true, 1.5 from unnest(array[${ids.map(quote)}]) id`

/** Creates the table that the edits change, with columns of many types. */
export async function createTable(source: Database): Promise<void> {
  await source.query(`
    do $do$ begin create type measure as enum ('kWh', 'm³'); exception when duplicate_object then null; end $do$;
    drop table if exists meter;
    create table meter (
      external_id text, name text, serial_number varchar(20), kind text, unit measure, location text,
      ip_address inet, port integer, active boolean, a_bigint bigint, a_numeric numeric, a_double float8,
      a_timestamptz timestamptz, a_date date, an_interval interval, a_jsonb jsonb, an_array text[], a_bytea bytea,
      a_uuid uuid, a_bpchar char(4)
    )`)
}
