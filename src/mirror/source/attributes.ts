import pg from 'pg'
import type { Column } from './columns.ts'

/** The number of columns in one part of the expression, because the server limits the depth of an expression. */
const columnsInChunk = 25

/**
 * Returns the text of the jsonb object of all attributes. It is assembled from texts with the keys in the order of jsonb,
 * because building the object on the Client System takes twice as long.
 */
export function attributesText(columns: Column[]): string {
  const members = columns
    .filter(({ isAttribute }) => isAttribute)
    .sort(asJsonbOrders)
    .map(({ name, text }, at) => {
      const key = `${at === 0 ? '' : ', '}${JSON.stringify(name)}: `
      return `${pg.escapeLiteral(key)} || coalesce(${text}, 'null')`
    })
  const chunks: string[] = []
  for (let at = 0; at < members.length; at += columnsInChunk) {
    chunks.push(`(${members.slice(at, at + columnsInChunk).join(' || ')})`)
  }
  return ["'{'", ...chunks, "'}'"].join(' || ')
}

/** Compares names as jsonb orders keys: by their length in bytes, then by their bytes, in the encoding of the Sync database. */
function asJsonbOrders(one: Column, other: Column): number {
  const [left, right] = [Buffer.from(one.name), Buffer.from(other.name)]
  return left.length - right.length || Buffer.compare(left, right)
}
