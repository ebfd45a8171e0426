import type { Column } from './columns.ts'
import type { Server } from './json.ts'

const maxIdBytes = 1_000
const maxRowBytes = 8 * 1_024 * 1_024

/** Returns the number of bytes that an external id has in UTF8, the encoding of the Sync database. */
function idBytes({ text }: Column, { encoding }: Server): string {
  // Bytes without an encoding cannot be converted. A source that returns any beyond ASCII is refused as a whole.
  const isUtf8 = encoding === 'UTF8' || encoding === 'SQL_ASCII'
  return isUtf8 ? `octet_length(${text})` : `octet_length(convert_to(${text}, 'UTF8'))`
}

/** Returns the condition that the external id is short enough to be a key. */
export function idFits(id: Column, server: Server): string {
  return `coalesce(${idBytes(id, server)} <= ${maxIdBytes}, true)`
}

/** Returns the hash of the external id, which selects the meter's bucket. Ids that are missing or too long have the hash 0. */
export function idHash(id: Column, server: Server, seed: string): string {
  const hash = `coalesce(hashtextextended(${id.text} collate "C", ${seed}), 0)`
  return id.size === null ? hash : `case when ${idBytes(id, server)} > ${maxIdBytes} then 0 else ${hash} end`
}

/** Returns the number of bytes of the row's texts, apart from the short ones. */
export function rowBytes(columns: Column[]): string {
  const sizes = columns.flatMap(({ size }) => (size === null ? [] : `coalesce(${size}, 0)::bigint`))
  return sizes.length === 0 ? '0::bigint' : `(${sizes.join(' + ')})`
}

/** Returns the condition that the row is small enough to be transferred. */
export function isSmall(columns: Column[]): string {
  return `${rowBytes(columns)} <= ${maxRowBytes}`
}

/**
 * Returns the hash of the row as the source stores it. Rows with equal hashes have equal texts; the reverse need not hold. The
 * hash is seeded with the id: otherwise two rows that exchange their values would leave the xor over all rows as it was.
 *
 * A row with a value over 8 MB is rejected, so it is not hashed. `small` is a column that is true for rows without such a
 * value, where the query has computed it.
 */
export function rowHash(columns: Column[], ofId: string, seed: string, small: string | null = null): string {
  const hash = `hash_record_extended(
      row(
        ${columns.map((column) => column.hash).join(',\n        ')}
      ),
      ${ofId} # ${seed}
    )`
  const sizes = columns.flatMap(({ size }) => size ?? [])
  if (sizes.length === 0) return hash
  const unknown = small === null ? '' : `not ${small} and `
  return `case
    when ${unknown}greatest(${sizes.join(', ')}) > ${maxRowBytes} then 0
    else ${hash}
  end`
}

/**
 * Returns the condition that a text begins with a character that is not white space. It is false for some that are not,
 * too: in UTF8 for those from U+1680 to U+3000, in other encodings for all beyond ASCII.
 */
export function isVisible(text: string, { encoding }: Server): string {
  const value = `(${text}) collate "C"`
  const ranges = [`${value} >= '!' and ${value} < E'\\x7f'`]
  if (encoding === 'UTF8') {
    ranges.push(`${value} >= U&'\\00A1' and ${value} < U&'\\1680'`, `${value} >= U&'\\3001' and ${value} < U&'\\FEFF'`)
  }
  return `coalesce(${ranges.join(' or ')}, false)`
}
