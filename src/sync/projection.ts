import pg from 'pg'
import type { Source } from '../db/source.ts'
import { AgentError } from '../errors.ts'

export type Column = { name: string; alias: string; type: number }

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
  jsonb: 3802,
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
/** text, varchar, char, date, timestamps, uuid: json and jsonb write them alike. */
const alike = new Set([...textual, 1082, 1114, 1184, 2950])

/**
 * The canonical text of each column, evaluated on the Client System (CONTRACT.md, *Environment*). An inner query,
 * kept apart by `offset 0`, measures each row once; a row over 8 MB leaves without its values.
 */
export class Projection {
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
      ['attributes', this.#attributes(), null],
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

  /**
   * Every other column under its own name, as the text of a jsonb object: assembled as text, keys in the order of jsonb
   * (length, then bytes), which takes half the time of building the object. Chunked: an expression has a greatest depth.
   */
  #attributes(): string {
    const others = [...this.#columns.values()].filter(({ name }) => !mirrored.has(name)).sort(asJsonbOrders)
    const pairs = others.map((column, at) => {
      const key = `${at === 0 ? '' : ', '}${JSON.stringify(column.name)}: `
      return `${pg.escapeLiteral(key)} || coalesce(${this.#json(column)}, 'null')`
    })
    const chunks: string[] = []
    for (let at = 0; at < pairs.length; at += 25) chunks.push(`(${pairs.slice(at, at + 25).join(' || ')})`)
    return ["'{'", ...chunks, "'}'"].join(' || ')
  }

  /** The text that the value has within jsonb. A json value that cannot be jsonb goes in as a string of its text. */
  #json({ alias, type }: Column): string {
    const value = `q.${alias}`
    const text = `${value}::text`
    if (type === oid.bool || whole.has(type)) return text
    if (type === numeric.numeric)
      return `case when ${text} in ('NaN', 'Infinity', '-Infinity') then '"' || ${text} || '"' else ${text} end`
    if (type === oid.jsonb) return text
    if (type === oid.json)
      return `case when ${this.#isJsonb(text)} then ${value}::jsonb::text else to_json(${text})::text end`
    if (alike.has(type)) return `to_json(${value})::text`
    return `to_jsonb(${value})::text`
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

/** The order of keys within jsonb, by the bytes that they have in the Sync database. */
function asJsonbOrders(one: Column, other: Column): number {
  const [left, right] = [Buffer.from(one.name), Buffer.from(other.name)]
  return left.length - right.length || Buffer.compare(left, right)
}
