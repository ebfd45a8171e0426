import { createHash } from 'node:crypto'
import type { Source } from '../db/source.ts'
import { AgentError } from '../errors.ts'
import { type Column, Projection } from './projection.ts'

/** How to ask a Client System for its meters. */
export type MeterQuery = {
  projection: Projection
  /** Names what is read, where and by which rules: what was learnt under another one does not hold. */
  fingerprint: string
  /** The source's own estimate of the number of meters; null when it cannot tell. */
  estimate: () => Promise<number | null>
}

/** To be raised whenever the same row gets another canonical text or another hash (projection.ts). */
const projectionVersion = 2

const required = ['external_id', 'name'] as const

/**
 * Describes the query before anything is read: a column that is missing, doubled or unusable fails the run by its
 * name (Fault 6). Anything but one SELECT is refused by the server's grammar, since the query stands in parentheses.
 */
export async function describeMeters(source: Source, query: string): Promise<MeterQuery> {
  const inner = query.trim().replace(/;\s*$/, '')
  const outline = await source.attempt(`select * from (\n${inner}\n) q limit 0`)
  if ('refusal' in outline) throw outline.refusal
  const columns = outline.fields.map(({ name, dataTypeID }, at) => ({ name, alias: `c${at + 1}`, type: dataTypeID }))
  requireColumns(columns, inner)
  const projection = new Projection(columns, inner, source)
  const whole = await source.attempt(`${projection.select()} limit 0`)
  if ('refusal' in whole) throw await projection.blame(source, whole.refusal)
  const { place, version, encoding } = source
  const major = Math.floor(version / 10_000)
  const described = [projectionVersion, place, major, encoding, inner, ...columns.map(({ name, type }) => [name, type])]
  return {
    projection,
    fingerprint: createHash('sha256').update(JSON.stringify(described)).digest('hex'),
    estimate: () => estimateRows(source, inner),
  }
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
