import type { Writable } from 'node:stream'
import copyStreams from 'pg-copy-streams'
import { type Session, sqlBeside } from '../db/connect.ts'

const createStaging = sqlBeside(import.meta.url, 'stage.sql')

export type Staged = { rows: number; bytes: number }

/**
 * Pipes the bytes of a binary COPY into the temporary table `staging`, without parsing one; `tell` hears how far it
 * has come. A fault of the source is thrown as it came; any other is the Sync database's.
 */
export async function stage(
  { client }: Session,
  meters: AsyncIterable<Buffer>,
  tell: (now: { bytesRead: number; rowsRead?: number }) => void,
): Promise<Staged> {
  await client.query(createStaging)
  const target = client.query(copyStreams.from('copy staging from stdin (format binary)'))
  const unlessBroken = watchErrors(target)
  const chunks = meters[Symbol.asyncIterator]()
  let bytes = 0
  try {
    for (
      let next = await unlessBroken(() => chunks.next());
      !next.done;
      next = await unlessBroken(() => chunks.next())
    ) {
      bytes += next.value.length
      tell({ bytesRead: bytes })
      if (!target.write(next.value)) await unlessBroken(() => drained(target))
    }
  } catch (error) {
    await unlessBroken(() => aborted(target)).catch(() => undefined)
    throw error
  }
  await unlessBroken(() => finished(target))
  tell({ bytesRead: bytes, rowsRead: target.rowCount })
  await client.query('analyze staging')
  return { rows: target.rowCount, bytes }
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
