import pg from 'pg'
import { copyInto } from '../../db/copy.ts'
import type { Session } from '../../db/session.ts'
import { sqlBeside } from '../../db/sql-file.ts'
import type { ReadReason, ReadStep } from '../../wire/types.ts'
import type { Source } from '../source/connection.ts'
import type { Projection } from '../source/projection.ts'

const createTables = sqlBeside(import.meta.url, '../sql/create-tables.sql')
const measureBothSides = sqlBeside(import.meta.url, '../sql/measure-both-sides.sql')

/** Receives what is being read, how many rows are expected, and how far it has come. */
export type ReportProgress = {
  step: (step: ReadStep, rowsExpected: number | null) => void
  progress: (now: { bytesRead?: number; rowsRead?: number }) => void
}

/**
 * What a run compares: the rows of `staging` with the meters of the view `ours`. A meter of the view without a row is missing
 * at the source.
 */
export type Staged = {
  readMode: 'full' | 'narrow'
  /** Why every meter was read; null after an incremental read. */
  readReason: ReadReason | null
  /** The local meters before anything is written; null after an incremental read that found a difference. */
  standing: Standing | null
  bytes: number
  /** All rows of the source, usable or not, and the xor of their hashes. */
  source: { rows: number; digest: bigint }
  /** The xor of `whole_hash` over the present local meters, before the comparison. */
  content: bigint
}

/** The numbers of local meters (all, active, present), and the xor of the source's hashes of the present ones. */
export type Standing = { total: number; active: number; rows: number; digest: bigint }

/** Returns true when there was no local meter, so that every usable row of staging is inserted. */
export function isFirstLoad({ standing }: Staged): boolean {
  return standing?.total === 0
}

/** Creates the tables that a run stages into, once in its transaction. */
export async function createStaging({ client }: Pick<Session, 'client'>): Promise<void> {
  await client.query(createTables)
}

/** Reads every meter of the source into `staging` by binary COPY. The agent does not parse the bytes. */
export async function stageAll(
  session: Session,
  {
    clientSystemId,
    source,
    projection,
    reason,
    expected,
    bytesBefore,
    report,
  }: {
    clientSystemId: string
    source: Source
    projection: Projection
    reason: ReadReason
    expected: number | null
    /** The bytes that an incremental read took before it turned out that every meter must be read. */
    bytesBefore: number
    report: ReportProgress
  },
): Promise<Staged> {
  const { client } = session
  report.step('meters', expected)
  const { rows, bytes: bytesNow } = await copyInto(
    session,
    'copy staging from stdin (format binary)',
    source.copy(`copy (\n${projection.select()}\n) to stdout (format binary)`),
    (now) => report.progress({ bytesRead: bytesBefore + now }),
  )
  const bytes = bytesBefore + bytesNow
  report.progress({ bytesRead: bytes, rowsRead: rows })
  await client.query('analyze staging')
  await client.query(
    `create or replace temporary view ours as select * from sync.meter where client_system_id = ${pg.escapeLiteral(clientSystemId)}`,
  )
  const measured = await client.query<Measured>(measureBothSides)
  const [found] = measured.rows
  if (!found) throw new Error('measuring the meters returned no row')
  const { digest, present, presentDigest, content, total, active } = found
  return {
    readMode: 'full',
    readReason: reason,
    standing: { total, active, rows: present, digest: BigInt(presentDigest) },
    bytes,
    source: { rows, digest: BigInt(digest) },
    content: BigInt(content),
  }
}

type Measured = {
  digest: string
  total: number
  active: number
  present: number
  presentDigest: string
  content: string
}
