import { createHash } from 'node:crypto'
import pg from 'pg'
import { AgentError } from '../../lib/errors.ts'
import type { Source } from './connection.ts'
import { Projection } from './projection.ts'
import { nameAt, onOneLine, singleStatement } from './query.ts'

/** How to read the meters of a Client System. */
export type MeterQuery = {
  projection: Projection
  /** The names of the columns that the query returns. */
  columns: string[]
  /** Identifies what is read, from where and by which rules. Stored hashes are valid only for an equal fingerprint. */
  fingerprint: string
  /** The source's own estimate of the number of meters; null when unknown. */
  estimate: number | null
}

type Plan = { 'Node Type': string; 'Plan Rows': number; Plans?: Plan[] }

/** Raise it whenever the same row gets another text or another hash (columns.ts, measures.ts). */
const projectionVersion = 4

const required = ['external_id', 'name'] as const

/**
 * Describes the query before anything is read. A column that is missing, duplicate or unusable fails the run and is named
 * (F6). `salt` seeds the hashes of rows. The query is in parentheses, so the server's grammar refuses anything but a SELECT.
 */
export async function describeMeters(source: Source, query: string, salt: bigint): Promise<MeterQuery> {
  const inner = singleStatement(query)
  const text = `select * from (\n${inner}\n) q limit 0`
  const outline = await source.tryQuery(text)
  if ('refusal' in outline) throw await suggestTable(source, text, outline.refusal)
  const columns = outline.fields.map(({ name, dataTypeID: oid }) => ({ name, oid }))
  requireColumns(
    columns.map(({ name }) => name),
    inner,
  )
  const projection = new Projection(columns, inner, source, salt)
  const whole = await source.tryQuery<{ 'QUERY PLAN': { Plan: Plan }[] }>(
    `explain (format json) ${projection.select()}`,
  )
  if ('refusal' in whole) throw await projection.blame(source, whole.refusal)
  const plan = whole.rows[0]?.['QUERY PLAN'][0]?.Plan ?? null
  // Parallel workers return rows in another order each time, which changes sums of float8, array_agg and LIMIT. They stay
  // permitted only where the plan has them and nothing in it depends on the order; functions may use them unseen.
  if (plan && (!usesAny(plan, parallelNodes) || usesAny(plan, orderSensitiveNodes))) {
    await source.query('set local max_parallel_workers_per_gather = 0')
  }
  const { place, version, encoding } = source
  const major = Math.floor(version / 10_000)
  const described = [
    projectionVersion,
    String(salt),
    place,
    major,
    encoding,
    inner,
    ...columns.map(({ name, oid }) => [name, oid]),
  ]
  return {
    projection,
    columns: columns.map(({ name }) => name),
    fingerprint: createHash('sha256').update(JSON.stringify(described)).digest('hex'),
    estimate: plan?.['Plan Rows'] ?? null,
  }
}

/** Finds a table with a similar name: with capitals, in another schema, or in the plural. */
const findAlike = `
  select case when pg_table_is_visible(c.oid) then '' else quote_ident(n.nspname) || '.' end || quote_ident(c.relname) as name
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'
    and regexp_replace(lower(c.relname), '_|s$', '', 'g') = regexp_replace(lower($1), '_|s$', '', 'g')
  order by pg_table_is_visible(c.oid) desc, lower(c.relname) = lower($1) desc, 1
  limit 1`

/** Returns the error with a similar table in its hint, when the query names a table that does not exist. */
async function suggestTable(source: Source, text: string, refusal: AgentError): Promise<AgentError> {
  const { cause } = refusal
  if (!(cause instanceof pg.DatabaseError) || cause.code !== '42P01') return refusal
  const before = [...text].slice(0, Number(cause.position) - 1).join('')
  const table = nameAt(text, before.length)?.split('.').at(-1)?.replaceAll('"', '').trim()
  if (!table) return refusal
  const { rows } = await source.query<{ name: string }>(findAlike, [table])
  const [found] = rows
  if (!found) return refusal
  const quotes = found.name.includes('"') ? ', with the double quotes' : ''
  const hint = `Did you mean ${found.name}? Write it in CLIENT_SYSTEM_QUERY exactly like this${quotes}`
  return new AgentError('source_query', refusal.message, { hint, cause })
}

/** Nodes of a plan that read with parallel workers, and nodes whose result can depend on the order of rows. */
const parallelNodes = new Set(['Gather', 'Gather Merge'])
const orderSensitiveNodes = new Set(['Aggregate', 'WindowAgg', 'Limit', 'Unique'])

function usesAny(plan: Plan, kinds: ReadonlySet<string>): boolean {
  return kinds.has(plan['Node Type']) || (plan.Plans ?? []).some((below) => usesAny(below, kinds))
}

function requireColumns(names: string[], inner: string): void {
  const returned = `The query returns: ${names.join(', ') || 'no column'}`
  const missing = required.find((name) => !names.includes(name))
  if (missing) {
    const hint =
      missing === 'external_id' && names.includes('id')
        ? `Set CLIENT_SYSTEM_QUERY to: select q.id as external_id, q.* from (${onOneLine(inner)}) q`
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
