import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import copyStreams from 'pg-copy-streams'
import type { Session } from './session.ts'

export type Copied = { rows: number; bytes: number }

/**
 * Streams a binary COPY into a table; `statement` is a `copy … from stdin`. The bytes are passed on without parsing, so
 * memory does not grow with the number of rows. `onBytes` is called with the total number of bytes so far.
 *
 * Throws the error of the side that fails first, without waiting for the other side: an error of `source` is thrown as it
 * is, and the COPY is cancelled at the server before that.
 */
export async function copyInto(
  { client, pause }: Pick<Session, 'client' | 'pause'>,
  statement: string,
  source: AsyncIterable<Buffer>,
  onBytes: (bytes: number) => void,
): Promise<Copied> {
  const chunks = source[Symbol.asyncIterator]()
  let bytes = 0
  // Not Readable.from: when the server fails, that would wait for the next chunk of the source before it closes.
  const reader = new Readable({
    read() {
      pause(() => chunks.next())
        .then((next) => {
          if (next.done) return this.push(null)
          bytes += next.value.length
          onBytes(bytes)
          return this.push(next.value)
        })
        .catch((error) => this.destroy(error))
    },
  })
  const target = client.query(copyStreams.from(statement))
  await pipeline(reader, target)
  return { rows: target.rowCount, bytes }
}

/**
 * Requests the first item of `source` at once and returns all of its items. The Client System then computes its answer
 * while this process does something else.
 */
export function startReading<T>(source: AsyncGenerator<T, void, undefined>): AsyncIterable<T> {
  const first = source.next()
  // The consumer gets this error when it reads; without a handler Node.js would report it before that.
  first.catch(() => undefined)
  return {
    async *[Symbol.asyncIterator]() {
      try {
        for (let next = await first; !next.done; next = await source.next()) yield next.value
      } finally {
        await source.return()
      }
    },
  }
}
