import type { Server } from './json.ts'
import { activeHash, activeText, portHash, portText } from './port-and-active.ts'
import { columnType } from './types.ts'

/** A column of the query, with the SQL expressions that the agent reads instead of its value. */
export type Column = {
  name: string
  /** True when the value becomes an attribute, because the meter has no column of this name. */
  isAttribute: boolean
  /** The value itself. */
  value: string
  /** The text that is stored. */
  text: string
  /** The input of the row hash. */
  hash: string
  /** The number of bytes of the text; null for types of a few bytes. */
  size: string | null
  /** The json text of an attribute that may hold json within json. */
  nested: string | null
  /** The type with which an index compares the values; null when it cannot. */
  key: string | null
  /** True when the text is computed by parsing json, which fails for some values. */
  isParsed: boolean
}

/** The meter's own columns of text, as they are named in the query and in `staging`. */
export const textColumns = ['name', 'serial_number', 'kind', 'unit', 'location', 'ip_address']
/** All of the meter's own columns. Any other column of the query becomes an attribute. */
export const ownColumns = ['external_id', ...textColumns, 'port', 'active']

/** Describes a column of the query. Throws `source_query` for a type that `port` or `active` cannot have. */
export function describeColumn(name: string, alias: string, oid: number, server: Server): Column {
  const value = `q.${alias}`
  const type = columnType(oid)
  const isAttribute = !ownColumns.includes(name)
  const column = {
    name,
    isAttribute,
    value,
    size: type.size?.(value, server) ?? null,
    nested: isAttribute ? (type.nested?.(value, server) ?? null) : null,
    key: type.key,
    isParsed: type.isParsed,
  }
  if (name === 'port') return { ...column, text: portText(value, type), hash: portHash(value, type) }
  if (name === 'active') return { ...column, text: activeText(value, type), hash: activeHash(value, type) }
  const text = isAttribute ? type.json(value, server) : type.text(value, server)
  return { ...column, text, hash: type.hash?.(value, server) ?? `(${text}) collate "C"` }
}
