import { AgentError } from '../../lib/errors.ts'
import type { ColumnType } from './types.ts'

/**
 * Returns the text of a port: without leading zeros, and without a fraction of zeros. Any other text is unchanged, and
 * the comparison rejects it.
 */
export function portText(value: string, { family }: ColumnType): string {
  const text = `${value}::text`
  if (family === 'whole') return text
  if (family === 'fractional') return `regexp_replace(${text}, '\\.0+$', '')`
  if (family !== 'text') {
    throw unusable('port', 'a number or text', 'Cast the column in CLIENT_SYSTEM_QUERY: select …::text as port')
  }
  return `regexp_replace(btrim(${text}) collate "C", '^0+([0-9])', '\\1')`
}

/** Returns the number of a port, so that each type of the column gives the same hash; -1 for a text that is not a port. */
export function portHash(value: string, type: ColumnType): string {
  if (type.key === 'integer' || type.key === 'smallint') return `${value}::integer`
  const text = portText(value, type)
  return `case when ${text} ~ '^[1-9][0-9]{0,4}$' then (${text})::integer when ${text} is not null then -1 end`
}

/** Returns the text `true` or `false`, as PostgreSQL reads a boolean; null means active (R5.3). Other text is rejected. */
export function activeText(value: string, { family }: ColumnType): string {
  if (family === 'boolean') return `coalesce(${value}, true)::text`
  if (family !== 'text' && family !== 'whole') {
    const hint = 'Write a condition for it in CLIENT_SYSTEM_QUERY, such as: decommissioned_at is null as active'
    throw unusable('active', 'a boolean or text', hint)
  }
  const word = `lower(btrim(${value}::text, E' \\t\\n\\r\\v\\f')) collate "C"`
  const isTrue = `${word} in ('t', 'tr', 'tru', 'true', 'y', 'ye', 'yes', 'on', '1')`
  const isFalse = `${word} in ('f', 'fa', 'fal', 'fals', 'false', 'n', 'no', 'of', 'off', '0')`
  return `case when ${value} is null or ${isTrue} then 'true' when ${isFalse} then 'false' else ${value}::text end`
}

/** Returns the boolean of `activeText`, so that each type of the column gives the same hash; null for text that is rejected. */
export function activeHash(value: string, type: ColumnType): string {
  if (type.family === 'boolean') return `coalesce(${value}, true)`
  return `case (${activeText(value, type)}) collate "C" when 'true' then true when 'false' then false end`
}

function unusable(name: string, expected: string, hint: string): AgentError {
  const message = `The column ${name} has a type that cannot be mirrored: expected ${expected}`
  return new AgentError('source_query', message, { hint })
}
