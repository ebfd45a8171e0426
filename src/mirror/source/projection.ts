import pg from 'pg'
import {
  alike,
  faithful,
  firstUserType,
  fractional,
  numeric,
  oid,
  short,
  textual,
  whole,
  written,
} from '../../db/pg-types.ts'
import { AgentError } from '../../lib/errors.ts'
import type { Source } from './connection.ts'

export type Column = { name: string; alias: string; type: number }

/** Meters by the hashes of their ids or, where `hasIndexFor` allows it, by their external ids: the text of an array. */
export type Chosen = { idHashes: string } | { externalIds: string }

/** Types of which equal values have one canonical text, which the type reads back. */
const indexable = new Map([
  [oid.text, 'text'],
  [oid.varchar, 'text'],
  [oid.int2, 'smallint'],
  [oid.int4, 'integer'],
  [oid.int8, 'bigint'],
  [2950, 'uuid'],
])

type Plan = { Plans?: Plan[]; [property: string]: unknown }

/** The names of the properties of a plan's nodes that hold this text. */
function conditionsWith({ Plans = [], ...node }: Plan, mark: string): string[] {
  const own = Object.entries(node).flatMap(([name, value]) =>
    typeof value === 'string' && value.includes(mark) ? name : [],
  )
  return [...own, ...Plans.flatMap((below) => conditionsWith(below, mark))]
}

const textColumns = ['serial_number', 'kind', 'unit', 'location', 'ip_address'] as const
const required = ['external_id', 'name'] as const
const mirrored = new Set<string>([...required, ...textColumns, 'port', 'active'])

/**
 * The canonical text of each column, evaluated on the Client System. An inner query,
 * kept apart by `offset 0`, measures each row once; a row over 8 MB leaves without its values.
 */
export class Projection {
  readonly #columns: Map<string, Column>
  readonly #inner: string
  readonly #source: Pick<Source, 'version' | 'encoding'>
  readonly #salt: bigint

  constructor(columns: Column[], inner: string, source: Pick<Source, 'version' | 'encoding'>, salt: bigint) {
    this.#columns = new Map(columns.map((column) => [column.name, column]))
    this.#inner = inner
    this.#source = source
    this.#salt = salt
  }

  /** The columns of `staging`, of all meters or of the chosen ones. */
  select(chosen: Chosen | null = null): string {
    const values = this.#values().map(([name, value]) => `  case when q.fits then ${value} end as ${name}`)
    const id = this.#text('external_id')
    return [
      'select',
      `  case when q.id_fits then ${id} end as external_id,`,
      `${values.join(',\n')},`,
      `  case when not q.id_fits then left(${id}, 200) end as cut_id,`,
      `  case when not q.fits and not q.nested then (${this.#size('q.')})::text end as row_bytes,`,
      '  q.nested,',
      `  q.id_hash, ${this.#rowHash('q.id_hash', 'q.small')} as row_hash`,
      `from (\n${this.#fitted(chosen)}\noffset '0') q`,
    ].join('\n')
  }

  /**
   * Whether the Client System finds the meters of these external ids, and no others, through an index. Only then may they be
   * asked for by id: the condition stands within the query, before conditions that keep out what cannot be computed, and
   * an index compares nothing but stored keys with it.
   */
  async hasIndexFor(source: Source, externalIds: string): Promise<boolean> {
    const type = this.#columns.get('external_id')?.type
    if (type === undefined || !indexable.has(type)) return false
    const explained = await source.attempt<{ 'QUERY PLAN': { Plan: Plan }[] }>(
      `explain (format json, costs off) ${this.select({ externalIds })}`,
    )
    if ('refusal' in explained) return false
    const plan = explained.rows[0]?.['QUERY PLAN'][0]?.Plan
    const mark = externalIds.slice(1, 40)
    const where = plan ? conditionsWith(plan, mark) : []
    return where.includes('Index Cond') && where.every((name) => name === 'Index Cond' || name === 'Recheck Cond')
  }

  #named(externalIds: string): string {
    const { alias, type } = this.#columns.get('external_id') ?? { alias: '', type: oid.text }
    return `q.${alias} = any (${pg.escapeLiteral(externalIds)}::${indexable.get(type) ?? 'text'}[])`
  }

  /** Id hash and row hash of each meter, without its values. */
  get hashes(): string {
    return this.#hashesFrom(this.#holdsJson() ? this.#fenced() : this.#from())
  }

  /** The same of the meters in these buckets, given as the text of an array. */
  hashesWithin(mask: number, buckets: string): string {
    const within = `(${this.#idHash()} & ${mask})::integer = any ('${buckets}'::integer[])`
    return this.#hashesFrom(`${this.#fenced()}\nwhere ${within}`)
  }

  /** Finds the column whose canonical text the Client System refuses to compute. */
  async blame(source: Source, refusal: AgentError): Promise<AgentError> {
    for (const [name, value, column] of this.#values()) {
      const tried = await source.attempt(`select ${value} ${this.#from()} limit 0`)
      if ('refusal' in tried) {
        const hint = `Cast the column in CLIENT_SYSTEM_QUERY: select …::text as ${column ?? name}`
        const message = `The column ${column ?? name} has a type that cannot be mirrored: ${tried.refusal.message}`
        return new AgentError('source_query', message, { hint, cause: refusal })
      }
    }
    return refusal
  }

  /** The measured rows with `nested` (json of more than 500 levels) and `fits` (neither that nor over 8 MB). */
  #fitted(chosen: Chosen | null): string {
    const nestable = [...this.#columns.values()].filter(({ name, type }) => !mirrored.has(name) && isNestable(type))
    if (nestable.length === 0) {
      return `select q.*, false as nested, q.small as fits\nfrom (\n${this.#measured(chosen)}\noffset '0') q`
    }
    const deep = nestable.map(({ alias, type }) => isDeep(jsonText(`q.${alias}`, type))).join(' or ')
    return [
      'select q.*, not q.nested and q.small as fits',
      `from (\nselect q.*, case when q.small then ${deep} else false end as nested`,
      `from (\n${this.#measured(chosen)}\noffset '0') q\noffset '0') q`,
    ].join('\n')
  }

  /** The query's rows with `small` (up to 8 MB) and `id_fits` (an id of up to 1,000 bytes). */
  #measured(chosen: Chosen | null): string {
    const lines = [
      'select q.*,',
      `  ${this.#idHash()} as id_hash,`,
      `  coalesce(${this.#idBytes()} <= 1000, true) as id_fits,`,
      `  ${this.#size('q.')} <= 8388608 as small`,
    ]
    if (chosen === null) lines.push(this.#from())
    else if ('idHashes' in chosen)
      lines.push(this.#fenced(), `where ${this.#idHash()} = any ('${chosen.idHashes}'::bigint[])`)
    else lines.push(this.#from(), `where ${this.#named(chosen.externalIds)}`)
    return lines.join('\n')
  }

  /** Whether json can be jsonb is a question that a planner must not answer for a constant, before any row is read. */
  #holdsJson(): boolean {
    return [...this.#columns.values()].some(({ type }) => type === oid.json || type === oid.jsonArray)
  }

  #hashesFrom(from: string): string {
    const id = this.#idHash()
    return `select ${id} as id_hash, ${this.#rowHash(id)} as row_hash\n${from}`
  }

  #from(inner = this.#inner): string {
    const aliases = [...this.#columns.values()].map((column) => column.alias)
    return `from (\n${inner}\n) q (${aliases.join(', ')})`
  }

  /**
   * Where the rows are chosen by a condition of ours: it is not to be looked at before the query's own conditions and
   * joins, which may keep out rows whose id cannot even be computed.
   */
  #fenced(): string {
    return this.#from(`select * from (\n${this.#inner}\n) q offset '0'`)
  }

  /** In UTF8, as it would stand here: a letter of another encoding has up to four bytes then. */
  #idBytes(): string {
    const id = this.#text('external_id')
    const { encoding } = this.#source
    // What is no text in any encoding cannot be converted; such a source is refused as a whole where it is not ASCII.
    return encoding === 'UTF8' || encoding === 'SQL_ASCII'
      ? `octet_length(${id})`
      : `octet_length(convert_to(${id}, 'UTF8'))`
  }

  /** The seed of this installation: without it, names can be chosen that make two meters hash alike. */
  #seed(): string {
    return `'${this.#salt}'::bigint`
  }

  /** Where a meter stands among the buckets. Rows without an id, or with one that is too long, stand together. */
  #idHash(): string {
    const id = this.#text('external_id')
    const hash = `coalesce(hashtextextended(${id} collate "C", ${this.#seed()}), 0)`
    const type = this.#columns.get('external_id')?.type ?? oid.text
    return short.has(type) ? hash : `case when ${this.#idBytes()} > 1000 then 0 else ${hash} end`
  }

  /**
   * The hash of a row as the source holds it, seeded with its id: two rows that swap their values then differ in more
   * than their order. Rows that hash alike have the same canonical texts; not the reverse. A row with a value over 8 MB,
   * which is rejected, is not even looked at. `small` is a condition that has found that there is none.
   */
  #rowHash(idHash: string, small: string | null = null): string {
    const columns = [...this.#columns.values()]
    const sizes = columns.filter(({ type }) => !short.has(type)).map(({ alias, type }) => textSize(`q.${alias}`, type))
    const hash = `hash_record_extended(row(${columns.map((column) => this.#hashable(column)).join(', ')}), ${idHash} # ${this.#seed()})`
    if (sizes.length === 0) return hash
    const known = small === null ? '' : `when ${small} then ${hash} `
    return `case ${known}when greatest(${sizes.join(', ')}) > 8388608 then 0 else ${hash} end`
  }

  /**
   * A value as it is, where values that are equal have one text and none is folded before it is hashed (as bigint and
   * timestamps are, to 32 bits); its canonical text otherwise.
   */
  #hashable(column: Column): string {
    const { alias, type, name } = column
    const value = `q.${alias}`
    // As they are kept here, so that another type of the same meaning is no other row; what is neither is rejected anyway.
    if (name === 'active') {
      if (type === oid.bool) return `coalesce(${value}, true)`
      return `case (${this.#active()}) collate "C" when 'true' then true when 'false' then false end`
    }
    if (name === 'port') return type === oid.int2 || type === oid.int4 ? `${value}::integer` : portNumber(this.#port())
    if (faithful.has(type)) return value
    if (type === oid.text || type === oid.varchar) return `${value} collate "C"`
    if (short.has(type) || written.has(type)) return `${value}::text collate "C"`
    return `(${mirrored.has(name) ? this.#text(name) : this.#json(column)}) collate "C"`
  }

  /** Bytes of a row's text. */
  #size(prefix: string): string {
    const sizes: string[] = []
    for (const { alias, type } of this.#columns.values()) {
      const column = `${prefix}${alias}`
      if (short.has(type)) continue
      sizes.push(`coalesce(${textSize(column, type)}, 0)::bigint`)
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

  /** `true` or `false`, as PostgreSQL reads a boolean; nothing said means active (R5.3). */
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
    const hint =
      name === 'active'
        ? 'Write a condition for it in CLIENT_SYSTEM_QUERY, such as: decommissioned_at is null as active'
        : `Cast the column in CLIENT_SYSTEM_QUERY: select …::text as ${name}`
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
    if (type === oid.jsonArray) {
      const array = `to_json(${value})::text`
      return `case when ${this.#isJsonb(array)} then to_jsonb(${value})::text else to_json(${array})::text end`
    }
    if (alike.has(type)) return `to_json(${value})::text`
    return `to_jsonb(${value})::text`
  }

  /**
   * Before 16 there is no pg_input_is_valid: escapes that are no character (in the source's encoding) are looked for,
   * and, outside of strings, numbers with an exponent that numeric does not take (five digits).
   */
  #isJsonb(text: string): string {
    const { version, encoding } = this.#source
    if (version >= 160_000) return `case when ${isDeep(text)} then false else pg_input_is_valid(${text}, 'jsonb') end`
    const pairs = '\\\\u[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2}'
    const escapes = `regexp_replace(replace(${text}, '\\\\', '') collate "C", '${pairs}', '', 'g')`
    const wrong = encoding === 'UTF8' ? '\\\\u(0000|[dD][89a-fA-F])' : '\\\\u(0000|(?!00[0-7]))'
    const numbers = `regexp_replace(${text} collate "C", '"([^"\\\\]|\\\\.)*"', '', 'g')`
    return `(not ${isDeep(text)} and ${escapes} !~ '${wrong}' and ${numbers} !~ '[eE][-+]?0*[1-9][0-9]{4}')`
  }
}

/** Types whose values may hold json within json. */
function isNestable(type: number): boolean {
  return [oid.json, oid.jsonb, oid.jsonArray, oid.jsonbArray].includes(type) || type >= firstUserType
}

/** The value as json text, however deep it is: neither expression parses json. */
function jsonText(value: string, type: number): string {
  return type === oid.json || type === oid.jsonb ? `${value}::text` : `to_json(${value})::text`
}

/**
 * Whether a json text has more than 500 levels of arrays and objects. PostgreSQL parses json with a recursion that its
 * stack ends: neither server may be given such a text. Levels are the running sum of brackets outside of strings, counted
 * only where the text is long enough and many brackets are left when the innermost pairs are removed.
 */
function isDeep(json: string): string {
  // Each replacement takes one level at most: with 494 pairs or fewer left there were 500 levels at most.
  const flat = ['{}', '[]', '{}', '[]', '{}', '[]'].reduce((text, pair) => `replace(${text}, '${pair}', '')`, 'b')
  return `coalesce((
    select case
      when octet_length(t) <= 1000 or length(t) - length(translate(t, '[{', '')) <= 500 then false
      else (
        select case
          when length(${flat}) <= 988 then false
          else (
            select max(level) > 500
            from (
              select sum(case when bracket in ('[', '{') then 1 else -1 end) over (order by at) as level
              from unnest(string_to_array(b, null)) with ordinality brackets (bracket, at)
            ) levels
          )
        end
        from (
          select regexp_replace(regexp_replace(t, '"([^"\\\\]|\\\\.)*"', '', 'g'), '[^][{}]+', '', 'g') as b
          offset 0
        ) only_brackets
      )
    end
    from (select ${json} as t) json
  ), false)`
}

/** -1 stands for what is no port. */
function portNumber(text: string): string {
  return `case when ${text} ~ '^[1-9][0-9]{0,4}$' then (${text})::integer when ${text} is not null then -1 end`
}

/** Bytes of a value's text. What PostgreSQL stores in under 2,000 bytes is taken as stored: not worth its text. */
function textSize(value: string, type: number): string {
  if (textual.has(type) || type === oid.bytea) return `octet_length(${value})`
  const stored = `pg_column_size(${value})`
  return `case when ${stored} < 2000 then ${stored} else octet_length(${value}::text) end`
}

/** The order of keys within jsonb, by the bytes that they have in the Sync database. */
function asJsonbOrders(one: Column, other: Column): number {
  const [left, right] = [Buffer.from(one.name), Buffer.from(other.name)]
  return left.length - right.length || Buffer.compare(left, right)
}
