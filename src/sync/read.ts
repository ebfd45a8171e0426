import pg from 'pg'
import type { Source } from '../db/source.ts'
import { AgentError } from '../errors.ts'

/** What to ask a Client System for its meters. */
export type MeterQuery = {
  /** Yields the columns of `staging`, all of them text. */
  select: string
  /** The source's own estimate of the number of meters; null when it cannot tell. */
  estimate: number | null
}

type Column = { name: string; alias: string; type: number }

const textColumns = ['serial_number', 'kind', 'unit', 'location', 'ip_address'] as const
const required = ['external_id', 'name'] as const
const mirrored = new Set<string>([...required, ...textColumns, 'port', 'active'])

/** Type oids of pg_type: fixed since they were given, the same on every server. */
const oid = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  json: 114,
  inet: 869,
  bpchar: 1042,
  varchar: 1043,
}
const numeric = { float4: 700, float8: 701, numeric: 1700 }
const textual = new Set([oid.text, oid.bpchar, oid.varchar])
const whole = new Set([oid.int2, oid.int4, oid.int8])
const fractional = new Set(Object.values(numeric))
/** bool, integers, oid, floats, date, times, interval, uuid, money, network addresses: a few bytes, whatever they hold. */
const short = new Set([16, 20, 21, 23, 26, 700, 701, 1082, 1083, 1114, 1184, 1186, 1266, 2950, 790, 869, 650, 829])
const firstUserType = 16_384

/**
 * Describes the query before anything is read: a column that is missing, doubled or unusable fails the run by its
 * name (Fault 6). Anything but one SELECT is refused by the server's grammar, since the query stands in parentheses.
 */
export async function describeMeters(source: Source, query: string): Promise<MeterQuery> {
  const inner = query.trim().replace(/;\s*$/, '')
  const described = await source.attempt(`select * from (\n${inner}\n) q limit 0`)
  if ('refusal' in described) throw described.refusal
  const columns = described.fields.map(({ name, dataTypeID }, at) => ({ name, alias: `c${at + 1}`, type: dataTypeID }))
  requireColumns(columns, inner)
  const projection = new Projection(columns, inner, source)
  const whole = await source.attempt(`${projection.select()} limit 0`)
  if ('refusal' in whole) throw await projection.blame(source, whole.refusal)
  return { select: projection.select(), estimate: await estimateRows(source, inner) }
}

/** The meters as binary COPY: bytes, never parsed here. */
export function readMeters(source: Source, { select }: MeterQuery): AsyncGenerator<Buffer, void, undefined> {
  return source.copy(`copy (\n${select}\n) to stdout (format binary)`)
}

/**
 * Refuses to mirror the Sync database into itself (Fault 11). `holdsLock` asks whether the source's server shows the
 * run's own advisory lock in the database that the query reads: then both are one.
 */
export async function refuseSameDatabase(
  source: Source,
  query: string,
  session: { pid: number; lock: bigint },
): Promise<void> {
  const { rows } = await source.ask<{ same: boolean }>(
    `select exists (
       select from pg_locks l
       where l.locktype = 'advisory' and l.granted and l.pid = $1
         and l.database = (select oid from pg_database where datname = current_database())
         and (l.classid::bigint << 32 | l.objid::bigint) = $2::bigint
     ) as same`,
    [session.pid, session.lock.toString()],
  )
  if (!rows[0]?.same) return
  const inner = query.trim().replace(/;\s*$/, '')
  const plan = await source.ask<{ 'QUERY PLAN': unknown }>(
    `explain (verbose, format json) select * from (\n${inner}\n) q`,
  )
  if (!/"Schema":"(sync|pgboss)"/.test(JSON.stringify(plan.rows[0]?.['QUERY PLAN']))) return
  throw new AgentError('same_database', "The query reads the Sync database's own tables", {
    hint: 'Point CLIENT_SYSTEM_URL or CLIENT_SYSTEM_QUERY at the meters of the Client System',
  })
}

async function estimateRows(source: Source, inner: string): Promise<number | null> {
  const { rows } = await source.ask<{ 'QUERY PLAN': { Plan?: { 'Plan Rows'?: number } }[] }>(
    `explain (format json) select * from (\n${inner}\n) q`,
  )
  return rows[0]?.['QUERY PLAN'][0]?.Plan?.['Plan Rows'] ?? null
}

function requireColumns(columns: Column[], inner: string): void {
  const names = columns.map((column) => column.name)
  const returned = `The query returns: ${names.join(', ') || 'no column'}`
  const missing = required.find((name) => !names.includes(name))
  if (missing) {
    const query = inner.includes('--') ? `\n${inner}\n` : inner
    const hint =
      missing === 'external_id' && names.includes('id')
        ? `Set CLIENT_SYSTEM_QUERY to: select q.id as external_id, q.* from (${query}) q`
        : `Name the column that holds it in CLIENT_SYSTEM_QUERY: select … as ${missing}`
    throw new AgentError('source_query', `The query has no column ${missing}. ${returned}`, { hint })
  }
  const doubled = names.find((name, at) => names.indexOf(name) !== at)
  if (doubled !== undefined) {
    const hint = 'Give each column of CLIENT_SYSTEM_QUERY a name of its own: select … as …'
    throw new AgentError('source_query', `The query returns the column ${doubled} more than once. ${returned}`, {
      hint,
    })
  }
}

/**
 * The canonical text of each column, evaluated on the Client System (CONTRACT.md, *Environment*). An inner query,
 * kept apart by `offset 0`, measures each row once; a row over 8 MB leaves without its values.
 */
class Projection {
  readonly #columns: Map<string, Column>
  readonly #inner: string
  readonly #source: Pick<Source, 'version' | 'encoding'>

  constructor(columns: Column[], inner: string, source: Pick<Source, 'version' | 'encoding'>) {
    this.#columns = new Map(columns.map((column) => [column.name, column]))
    this.#inner = inner
    this.#source = source
  }

  select(): string {
    const values = this.#values().map(([name, value]) => `  case when q.fits then ${value} end as ${name}`)
    const id = this.#text('external_id')
    return [
      'select',
      `  case when q.id_fits then ${id} end as external_id,`,
      `${values.join(',\n')},`,
      `  case when not q.id_fits then left(${id}, 200) end as cut_id,`,
      `  case when not q.fits then (${this.#size('q.')})::text end as row_bytes`,
      `from (\n${this.#measured()}\noffset 0) q`,
    ].join('\n')
  }

  /** Finds the column whose canonical text the Client System refuses to compute. */
  async blame(source: Source, refusal: AgentError): Promise<AgentError> {
    for (const [name, value, column] of this.#values()) {
      const tried = await source.attempt(`select ${value} from (\n${this.#measured()}\noffset 0) q limit 0`)
      if ('refusal' in tried) {
        const hint = `Cast the column in CLIENT_SYSTEM_QUERY: select …::text as ${column ?? name}`
        const message = `The column ${column ?? name} has a type that cannot be mirrored: ${tried.refusal.message}`
        return new AgentError('source_query', message, { hint, cause: refusal })
      }
    }
    return refusal
  }

  /** The query's rows with `fits` (up to 8 MB) and `id_fits` (up to 1,000 bytes). */
  #measured(): string {
    const aliases = [...this.#columns.values()].map((column) => column.alias)
    return [
      'select q.*,',
      `  coalesce(octet_length(${this.#text('external_id')}) <= 1000, true) as id_fits,`,
      `  ${this.#size('q.')} <= 8388608 as fits`,
      `from (\n${this.#inner}\n) q (${aliases.join(', ')})`,
    ].join('\n')
  }

  /**
   * Bytes of a row's text. What PostgreSQL stores in under 2,000 bytes is taken as stored: not worth its text.
   */
  #size(prefix: string): string {
    const sizes: string[] = []
    for (const { alias, type } of this.#columns.values()) {
      const column = `${prefix}${alias}`
      if (short.has(type)) continue
      if (textual.has(type) || type === oid.bytea) sizes.push(`coalesce(octet_length(${column}), 0)::bigint`)
      else {
        const stored = `pg_column_size(${column})`
        sizes.push(
          `coalesce(case when ${stored} < 2000 then ${stored} else octet_length(${column}::text) end, 0)::bigint`,
        )
      }
    }
    return sizes.length === 0 ? '0::bigint' : `(${sizes.join(' + ')})`
  }

  /** Name in staging, its expression, and the query's column where it is one. */
  #values(): [name: string, value: string, column: string | null][] {
    return [
      ['name', this.#text('name'), 'name'],
      ...textColumns.map((name): [string, string, string] => [name, this.#text(name), name]),
      ['port', this.#port(), 'port'],
      ['active', this.#active(), 'active'],
      ['attributes', `(${this.#attributes()})::text`, null],
    ]
  }

  #text(name: string): string {
    const column = this.#columns.get(name)
    if (!column) return 'null::text'
    const value = `q.${column.alias}`
    if (column.type !== oid.inet) return `${value}::text`
    return `case when masklen(${value}) = case family(${value}) when 4 then 32 else 128 end then host(${value}) else ${value}::text end`
  }

  /** Without leading zeros; a number without its fraction of zeros. What is no port stays as it is and is rejected. */
  #port(): string {
    const column = this.#columns.get('port')
    if (!column) return 'null::text'
    const value = `q.${column.alias}::text`
    if (whole.has(column.type)) return value
    if (fractional.has(column.type)) return `regexp_replace(${value}, '\\.0+$', '')`
    this.#require(column, textual.has(column.type) || column.type >= firstUserType, 'a number or text')
    return `regexp_replace(btrim(${value}) collate "C", '^0+([0-9])', '\\1')`
  }

  /** `true` or `false`, as PostgreSQL reads a boolean; nothing said means active (Requirement 5.3). */
  #active(): string {
    const column = this.#columns.get('active')
    if (!column) return "'true'"
    const value = `q.${column.alias}`
    if (column.type === oid.bool) return `coalesce(${value}, true)::text`
    this.#require(
      column,
      textual.has(column.type) || whole.has(column.type) || column.type >= firstUserType,
      'a boolean or text',
    )
    const said = `lower(btrim(${value}::text, E' \\t\\n\\r\\v\\f')) collate "C"`
    return `case when ${value} is null then 'true' when ${said} in ('t', 'tr', 'tru', 'true', 'y', 'ye', 'yes', 'on', '1') then 'true' when ${said} in ('f', 'fa', 'fal', 'fals', 'false', 'n', 'no', 'of', 'off', '0') then 'false' else ${value}::text end`
  }

  #require({ name }: Column, usable: boolean, expected: string): void {
    if (usable) return
    const hint = `Cast the column in CLIENT_SYSTEM_QUERY: select …::text as ${name}`
    throw new AgentError(
      'source_query',
      `The column ${name} has a type that cannot be mirrored: expected ${expected}`,
      { hint },
    )
  }

  /** Every other column under its own name, fifty a call: a function takes a hundred arguments. */
  #attributes(): string {
    const others = [...this.#columns.values()].filter(({ name }) => !mirrored.has(name))
    const pairs = others.map((column) => `${pg.escapeLiteral(column.name)}, ${this.#json(column)}`)
    const calls: string[] = []
    for (let at = 0; at < pairs.length; at += 50)
      calls.push(`jsonb_build_object(${pairs.slice(at, at + 50).join(', ')})`)
    return calls.length === 0 ? "'{}'::jsonb" : calls.join(' || ')
  }

  /** A json value that cannot be jsonb goes in as a string of its text. */
  #json({ alias, type }: Column): string {
    const value = `q.${alias}`
    if (type !== oid.json) return value
    const text = `${value}::text`
    return `case when ${value} is null then null when ${this.#isJsonb(text)} then ${value}::jsonb else to_jsonb(${text}) end`
  }

  /**
   * Before 16 there is no pg_input_is_valid: escapes that are no character (in the source's encoding) are looked for,
   * and, outside of strings, numbers with an exponent that numeric does not take (five digits).
   */
  #isJsonb(text: string): string {
    const { version, encoding } = this.#source
    if (version >= 160_000) return `pg_input_is_valid(${text}, 'jsonb')`
    const pairs = '\\\\u[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2}'
    const escapes = `regexp_replace(replace(${text}, '\\\\', '') collate "C", '${pairs}', '', 'g')`
    const wrong = encoding === 'UTF8' ? '\\\\u(0000|[dD][89a-fA-F])' : '\\\\u(0000|(?!00[0-7]))'
    const numbers = `regexp_replace(${text} collate "C", '"([^"\\\\]|\\\\.)*"', '', 'g')`
    return `(${escapes} !~ '${wrong}' and ${numbers} !~ '[eE][-+]?0*[1-9][0-9]{4}')`
  }
}
