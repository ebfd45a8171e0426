import pg from 'pg'
import { type Session, sqlBeside } from '../../db/connect.ts'
import { copyInto } from '../../db/copy.ts'
import type { ReadStep } from '../../wire/types.ts'
import type { Source } from '../source/connection.ts'
import type { Projection } from '../source/projection.ts'

const createTables = sqlBeside(import.meta.url, '../sql/stage.sql')

/** Hears what is being read, how many rows are expected, and how far it has come. */
export type Teller = {
  step: (step: ReadStep, rowsExpected: number | null) => void
  progress: (now: { bytesRead?: number; rowsRead?: number }) => void
}

/**
 * What a run compares: the rows of `staging` with the meters of the view `ours`. A meter of the view that has no row is
 * gone at the source.
 */
export type Staged = {
  readMode: 'full' | 'narrow'
  /** Why it was read in full. */
  readReason: string | null
  /** Every part of the source was found to be as it is here: nothing will be written. */
  equal: boolean
  /** How many meters stand here before anything is written, where that was counted. */
  meters: { total: number; active: number } | null
  bytes: number
  /** All rows of the source, usable or not, and the xor of their hashes; the digest is null where it computes none. */
  source: { rows: number; digest: bigint | null }
  /** The xor of `whole_hash` over the present meters here, before they are compared. */
  content: bigint
}

/** Creates the tables that a run stages into, once in its transaction. */
export async function createStaging({ client }: Pick<Session, 'client'>): Promise<void> {
  await client.query(createTables)
}

/** Reads every meter of the source into `staging`, as binary COPY: bytes, never parsed here. */
export async function stageAll(
  session: Session,
  {
    clientSystemId,
    source,
    projection,
    reason,
    expected,
    bytesBefore,
    tell,
  }: {
    clientSystemId: string
    source: Source
    projection: Projection
    reason: string
    expected: number | null
    /** What was read before it turned out that all of it has to be. */
    bytesBefore: number
    tell: Teller
  },
): Promise<Staged> {
  const { client } = session
  tell.step('meters', expected)
  const { rows, bytes: bytesNow } = await copyInto(
    session,
    'copy staging from stdin (format binary)',
    source.copy(`copy (\n${projection.select()}\n) to stdout (format binary)`),
    (now) => tell.progress({ bytesRead: bytesBefore + now }),
  )
  const bytes = bytesBefore + bytesNow
  tell.progress({ bytesRead: bytes, rowsRead: rows })
  await client.query('analyze staging')
  await client.query(
    `create or replace temporary view ours as select * from sync.meter where client_system_id = ${pg.escapeLiteral(clientSystemId)}`,
  )
  const hashed = await client.query<{ digest: string | null; content: string | null }>(
    `select (select bit_xor(row_hash) from staging) as digest,
       (select bit_xor(whole_hash) from ours where removed_at is null) as content`,
  )
  const { digest = null, content = null } = hashed.rows[0] ?? {}
  return {
    readMode: 'full',
    readReason: reason,
    equal: false,
    meters: null,
    bytes,
    source: { rows, digest: digest === null ? (projection.hashes === null ? null : 0n) : BigInt(digest) },
    content: BigInt(content ?? 0),
  }
}
