import type { Writable } from 'node:stream'
import copyStreams from 'pg-copy-streams'
import type { Session } from './connect.ts'

export type Copied = { rows: number; bytes: number }

/**
 * Pipes the bytes of a binary COPY into a table, without parsing one: `statement` is a `copy … from stdin`. `tell` hears
 * how many bytes have come. A fault of where they come from is thrown as it came; any other is the target's.
 */
export async function copyInto(
  { client, pause }: Pick<Session, 'client' | 'pause'>,
  statement: string,
  source: AsyncIterable<Buffer>,
  tell: (bytes: number) => void,
): Promise<Copied> {
  const target = client.query(copyStreams.from(statement))
  const unlessBroken = watchErrors(target)
  const chunks = source[Symbol.asyncIterator]()
  let bytes = 0
  try {
    const nextChunk = () => unlessBroken(() => pause(() => chunks.next()))
    for (let next = await nextChunk(); !next.done; next = await nextChunk()) {
      bytes += next.value.length
      tell(bytes)
      if (!target.write(next.value)) await unlessBroken(() => drained(target))
    }
  } catch (error) {
    await unlessBroken(() => aborted(target)).catch(() => undefined)
    throw error
  }
  await unlessBroken(() => finished(target))
  return { rows: target.rowCount, bytes }
}

/** Begins to read at once, so that the other side works while this one does something else. */
export function startReading<T>(source: AsyncGenerator<T, void, undefined>): AsyncIterable<T> {
  const first = source.next()
  // Whoever reads on hears of it.
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

/**
 * Begins something and waits for it, unless the stream breaks first: then its error is thrown, and when it had broken
 * before, nothing is begun. The two databases fail apart, and neither may wait for the other.
 */
function watchErrors(stream: Writable): <T>(begin: () => Promise<T>) => Promise<T> {
  let broken: Error | null = null
  let fail: (error: Error) => void = () => undefined
  stream.once('error', (error: Error) => {
    broken = error
    fail(error)
  })
  return (begin) =>
    new Promise((resolve, reject) => {
      if (broken) return reject(broken)
      fail = reject
      begin().then(resolve, reject)
    })
}

function drained(stream: Writable): Promise<void> {
  return new Promise((done) => stream.once('drain', done))
}

function finished(stream: Writable): Promise<void> {
  return new Promise((done) => stream.end(done))
}

/** Takes the copy back; its server answers with an error. */
function aborted(stream: Writable): Promise<void> {
  return new Promise((done) => {
    stream.once('close', done)
    stream.destroy(new Error('the source was lost'))
  })
}
