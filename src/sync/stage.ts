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
  const failed = new Promise<never>((_, reject) => target.once('error', reject))
  failed.catch(() => undefined)
  let bytes = 0
  try {
    for await (const chunk of meters) {
      bytes += chunk.length
      tell({ bytesRead: bytes })
      if (!target.write(chunk)) await Promise.race([drained(target), failed])
    }
  } catch (error) {
    target.destroy(new Error('the source was lost'))
    throw error
  }
  await Promise.race([finished(target), failed])
  tell({ bytesRead: bytes, rowsRead: target.rowCount })
  await client.query('analyze staging')
  return { rows: target.rowCount, bytes }
}

function drained(stream: Writable): Promise<void> {
  return new Promise((done) => stream.once('drain', done))
}

function finished(stream: Writable): Promise<void> {
  return new Promise((done) => stream.end(done))
}
