import pg from 'pg'
import { type Copied, copyInto } from '../../db/copy.ts'
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
  /** The number of meters that a first load has stored already (load.ts). They are neither in `staging` nor in `ours`. */
  loaded: number
  /** The local meters before the comparison. */
  before: LocalMeters
  bytes: number
  /** All rows of the source, usable or not, and the xor of their hashes. */
  source: { rows: number; digest: bigint }
  /** The xor of `whole_hash` over the present local meters, before the comparison. */
  content: bigint
}

/** The numbers of local meters (all, active, present), and the xor of the source's hashes of the present ones. */
export type LocalMeters = { total: number; active: number; rows: number; digest: bigint }

/** Creates the tables that a run stages into, once in its transaction. */
export async function createStaging({ client }: Pick<Session, 'client'>): Promise<void> {
  await client.query(createTables)
}

/** A read of every meter. */
export type FullRead = {
  clientSystemId: string
  source: Source
  projection: Projection
  reason: ReadReason
  /** How many meters are expected; null when unknown. */
  expected: number | null
  /** The bytes that an incremental read took before it turned out that every meter must be read. */
  bytesBefore: number
  report: ReportProgress
}

/** Reads every meter of the source into `staging`. */
export async function stageAll(session: Session, read: FullRead): Promise<Staged> {
  const { client } = session
  const { clientSystemId, projection, reason } = read
  const { rows, bytes } = await copyMeters(session, read, request(read, projection.select()))
  await client.query('analyze staging')
  const { digest, content, before } = await measure(client, clientSystemId)
  return {
    readMode: 'full',
    readReason: reason,
    loaded: 0,
    before,
    bytes,
    source: { rows, digest },
    content,
  }
}

/** Requests the answer to a query of the source as a binary COPY. */
export function request(
  { source }: Pick<FullRead, 'source'>,
  query: string,
  options?: Parameters<Source['copy']>[1],
): ReturnType<Source['copy']> {
  return source.copy(`copy (\n${query}\n) to stdout (format binary)`, options)
}

/** Copies meters into a table. The agent does not parse the bytes. */
export async function copyMeters(
  session: Session,
  { expected, bytesBefore, report }: Pick<FullRead, 'expected' | 'bytesBefore' | 'report'>,
  answer: AsyncIterable<Buffer>,
  into = 'staging',
): Promise<Copied> {
  report.step('meters', expected)
  const { rows, bytes } = await copyInto(session, `copy ${into} from stdin (format binary)`, answer, (now) =>
    report.progress({ bytesRead: bytesBefore + now }),
  )
  report.progress({ bytesRead: bytesBefore + bytes, rowsRead: rows })
  return { rows, bytes: bytesBefore + bytes }
}

/**
 * Creates the view `ours` of all local meters, and measures them and `staging`: `digest` is the xor of the source's hashes
 * over `staging`, `content` that of `whole_hash` over the present meters.
 */
export async function measure(
  client: pg.Client,
  clientSystemId: string,
): Promise<{ digest: bigint; content: bigint; before: LocalMeters }> {
  const id = pg.escapeLiteral(clientSystemId)
  await client.query(`create or replace temporary view ours as select * from sync.meter where client_system_id = ${id}`)
  const { rows } = await client.query<Measured>(measureBothSides)
  const [found] = rows
  if (!found) throw new Error('measuring the meters returned no row')
  const { digest, present, presentDigest, content, total, active } = found
  return {
    digest: BigInt(digest),
    content: BigInt(content),
    before: { total, active, rows: present, digest: BigInt(presentDigest) },
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
