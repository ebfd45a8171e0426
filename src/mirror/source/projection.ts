import pg from 'pg'
import { AgentError } from '../../lib/errors.ts'
import { attributesText } from './attributes.ts'
import { type Column, describeColumn, textColumns } from './columns.ts'
import type { Source } from './connection.ts'
import { type Explained, findsThroughIndex } from './index-lookup.ts'
import { isDeep, type Server } from './json.ts'
import { idFits, idHash, isSmall, isVisible, rowBytes, rowHash } from './measures.ts'

/** Meters by the hashes of their ids or, where `hasIndexFor` allows it, by their external ids: the text of an array. */
export type Chosen = { idHashes: string } | { externalIds: string }

/**
 * Writes the SQL that reads meters from a Client System: their texts in the columns of `staging`, or their hashes.
 *
 * Each statement wraps the query, whose columns it names `q.c1`, `q.c2`, … The expressions of a column come from
 * `columns.ts`. `offset '0'` is a fence: the server computes the subquery first, and only once.
 */
export class Projection {
  readonly #columns: Column[]
  readonly #id: Column
  readonly #query: string
  readonly #server: Server
  /** The seed of hashes, secret to this installation. Otherwise names could be chosen that give two meters the same hash. */
  readonly #seed: string

  /** `columns` are those of `query`, in their order, with the oids of their types. */
  constructor(columns: { name: string; oid: number }[], query: string, server: Server, salt: bigint) {
    this.#columns = columns.map(({ name, oid }, at) => describeColumn(name, aliasAt(at), oid, server))
    const id = this.#find('external_id')
    if (!id) throw new Error('the query has no column external_id')
    this.#id = id
    this.#query = query
    this.#server = server
    this.#seed = `'${salt}'::bigint`
  }

  /** Returns the columns of `staging`, of all meters or of the chosen ones. */
  select(chosen: Chosen | null = null): string {
    const id = this.#id.text
    const fits = this.#nested().length === 0 ? 'q.small' : 'q.small and not q.nested'
    const values = this.#values().map(({ name, text }) => `  case when ${fits} then ${text} end as ${name},`)
    return `select
  case when q.id_fits then ${id} end as external_id,
${values.join('\n')}
  case when not q.id_fits then left(${id}, 200) end as cut_id,
  case when not q.small then ${rowBytes(this.#columns)}::text end as row_bytes,
  q.nested,
  q.id_hash,
  ${rowHash(this.#columns, 'q.id_hash', this.#seed, 'q.small')} as row_hash
from (
${this.#measured(chosen)}
offset '0'
) q`
  }

  /**
   * Returns the columns `storedColumns` of the meters that a run may store without the checks of a comparison
   * (write-changes.sql): of those whose values are valid by what the Client System itself can tell.
   */
  selectValid({ clientSystemId, runId }: { clientSystemId: string; runId: string }): string {
    const run = `${pg.escapeLiteral(runId)}::uuid`
    const texts = textColumns.map((name) => this.#find(name)?.text ?? 'null::text')
    // A jsonb is sent as its version, 1, and its text.
    const attributes = `E'\\x01' || (${attributesText(this.#columns)})`
    const values = [this.#id.text, ...texts, this.#port(), this.#active(), attributes]
    return `select
  ${values.join(',\n  ')},
  q.id_hash,
  ${rowHash(this.#columns, 'q.id_hash', this.#seed, 'q.small')},
  ${pg.escapeLiteral(clientSystemId)}::text,
  ${run},
  ${run}
from (
${this.#measured(null)}
offset '0'
) q
where ${this.#isValid()}`
  }

  /** Returns the columns of `staging`, of the meters that `selectValid` leaves out. */
  selectOthers(): string {
    return `${this.select()}\nwhere not (${this.#isValid()})`
  }

  /** Returns the id hash and the row hash of each meter. */
  get hashes(): string {
    // json is hashed as jsonb. Unfenced, the planner would parse a constant json before any row is read.
    return this.#hashesFrom(this.#columns.some(({ isParsed }) => isParsed) ? this.#fenced() : this.#from())
  }

  /** Returns the hashes of the meters in these buckets. `buckets` is the text of an array. */
  hashesWithin(mask: number, buckets: string): string {
    return this.#hashesFrom(`${this.#fenced()}
where (${this.#idHash()} & ${mask})::integer = any ('${buckets}'::integer[])`)
  }

  /** Returns true when `select` may name these external ids, because the Client System finds exactly them through an index. */
  async hasIndexFor(source: Source, externalIds: string): Promise<boolean> {
    if (this.#id.key === null) return false
    const explained = await source.tryQuery<Explained>(
      `explain (format json, costs off) ${this.select({ externalIds })}`,
    )
    return 'rows' in explained && findsThroughIndex(explained.rows[0], externalIds)
  }

  /** Returns the error for the column whose text the Client System cannot compute; `refusal` when there is none. */
  async blame(source: Source, refusal: AgentError): Promise<AgentError> {
    for (const { name, text } of this.#columns) {
      const tried = await source.tryQuery(`select ${text} ${this.#from()} limit 0`)
      if ('refusal' in tried) {
        const hint = `Cast the column in CLIENT_SYSTEM_QUERY: select …::text as ${name}`
        const message = `The column ${name} has a type that cannot be mirrored: ${tried.refusal.message}`
        return new AgentError('source_query', message, { hint, cause: refusal })
      }
    }
    return refusal
  }

  /** The columns of `staging` that are null when the row does not fit. */
  #values(): { name: string; text: string }[] {
    return [
      ...textColumns.map((name) => ({ name, text: this.#find(name)?.text ?? 'null::text' })),
      { name: 'port', text: this.#find('port')?.text ?? 'null::text' },
      { name: 'active', text: this.#find('active')?.text ?? "'true'" },
      { name: 'attributes', text: attributesText(this.#columns) },
    ]
  }

  #port(): string {
    return this.#find('port')?.hash ?? 'null::integer'
  }

  #active(): string {
    return this.#find('active')?.hash ?? 'true'
  }

  /** The condition of `selectValid`. It is never null. */
  #isValid(): string {
    const name = this.#find('name')?.text ?? 'null::text'
    return [
      'q.id_fits',
      'q.small',
      ...(this.#nested().length === 0 ? [] : ['not q.nested']),
      isVisible(this.#id.text, this.#server),
      isVisible(name, this.#server),
      `coalesce(${this.#port()} between 1 and 65535, true)`,
      `${this.#active()} is not null`,
    ].join('\n  and ')
  }

  /** The query's columns with `id_hash`, `id_fits`, `small` and `nested`: whether it has json of more than 500 levels. */
  #measured(chosen: Chosen | null): string {
    const nested = this.#nested()
    const measured = `select q.*,
  ${this.#idHash()} as id_hash,
  ${idFits(this.#id, this.#server)} as id_fits,
  ${isSmall(this.#columns)} as small${nested.length === 0 ? ',\n  false as nested' : ''}
${this.#rows(chosen)}`
    if (nested.length === 0) return measured
    return `select q.*,
  case when q.small then ${nested.map(isDeep).join(' or ')} else false end as nested
from (
${measured}
offset '0'
) q`
  }

  #rows(chosen: Chosen | null): string {
    if (chosen === null) return this.#from()
    if ('idHashes' in chosen) {
      return `${this.#fenced()}\nwhere ${this.#idHash()} = any ('${chosen.idHashes}'::bigint[])`
    }
    const ids = `${pg.escapeLiteral(chosen.externalIds)}::${this.#id.key ?? 'text'}[]`
    return `${this.#from()}\nwhere ${this.#id.value} = any (${ids})`
  }

  #hashesFrom(from: string): string {
    const id = this.#idHash()
    return `select
  ${id} as id_hash,
  ${rowHash(this.#columns, id, this.#seed)} as row_hash
${from}`
  }

  #from(query = this.#query): string {
    return `from (\n${query}\n) q (${this.#columns.map((_, at) => aliasAt(at)).join(', ')})`
  }

  /**
   * The query behind a fence, for a condition on its columns. Unfenced, the planner may evaluate the condition before the
   * query's own ones, on rows that they keep out and whose id may not be computable.
   */
  #fenced(): string {
    return this.#from(`select * from (\n${this.#query}\n) q offset '0'`)
  }

  #idHash(): string {
    return idHash(this.#id, this.#server, this.#seed)
  }

  #nested(): string[] {
    return this.#columns.flatMap(({ nested }) => nested ?? [])
  }

  #find(name: string): Column | undefined {
    return this.#columns.find((column) => column.name === name)
  }
}

/** The columns of `sync.meter` that `selectValid` returns, in its order. */
export const storedColumns = [
  'external_id',
  ...textColumns,
  'port',
  'active',
  'attributes',
  'id_hash',
  'row_hash',
  'client_system_id',
  'created_run_id',
  'last_run_id',
]

function aliasAt(at: number): string {
  return `c${at + 1}`
}
