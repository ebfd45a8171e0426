import pg from 'pg'
import { copyInto, startReading } from '../../db/copy.ts'
import type { Session } from '../../db/session.ts'
import { sqlBeside } from '../../db/sql-file.ts'
import type { StoredBaseline } from '../../runs/baseline.ts'
import type { ReadReason } from '../../wire/types.ts'
import type { Source } from '../source/connection.ts'
import type { Projection } from '../source/projection.ts'
import type { ReportProgress, Staged } from './stage.ts'

const compareDigests = sqlBeside(import.meta.url, '../sql/compare-digests.sql')
const findSuspectRows = sqlBeside(import.meta.url, '../sql/find-suspect-rows.sql')
const hasRepeats = sqlBeside(import.meta.url, '../sql/has-repeats.sql')
const findRepeatsAtSource = sqlBeside(import.meta.url, '../sql/find-repeats-at-source.sql')
const findLocalRepeats = sqlBeside(import.meta.url, '../sql/find-local-repeats.sql')
const findStaged = sqlBeside(import.meta.url, '../sql/find-staged.sql')
const listWanted = sqlBeside(import.meta.url, '../sql/list-wanted.sql')

const createAnswers = `
  create temporary table their_digest (bucket integer, rows bigint, digest bigint) on commit drop;
  create temporary table their_row (id_hash bigint, row_hash bigint) on commit drop;
  create temporary table suspect (id_hash bigint, meter_id bigint) on commit drop;
  create or replace temporary view ours as select * from sync.meter where id in (select meter_id from suspect)`

/** The maximum number of meters that one query names: 10 MB of text. */
const maxWanted = 500_000

export type IncrementalOptions = {
  clientSystemId: string
  source: Source
  projection: Projection
  baseline: StoredBaseline
  report: ReportProgress
}

/**
 * The result of an incremental read: what is staged, or why every meter has to be read. `meters` is then how many the
 * source has, where that is known.
 */
export type Incremental = { staged: Staged } | { refused: ReadReason; meters: number | null; bytes: number }

/**
 * Reads only what differs, by up to three queries in one snapshot. Each is sent only when the previous one found a difference:
 *
 * 1. compareBuckets: which buckets of meters have another digest?
 * 2. findSuspects: which meters in these buckets have another hash?
 * 3. readSuspects: what are these meters now?
 *
 * Hashes decide where to look, never what to write. They are the source's own, kept with each meter since its row was
 * read, so the two servers need not compute equal hashes.
 */
export async function stageDifferences(session: Session, options: IncrementalOptions): Promise<Incremental> {
  const { baseline } = options
  await session.client.query(createAnswers)
  const answers = readAnswers(session, options)

  const buckets = await compareBuckets(session, options, answers)
  const { rows } = buckets
  const refuse = (code: ReadReason['code']) => ({ refused: { code }, meters: rows, bytes: answers.bytes() })
  if (BigInt(buckets.content) !== baseline.content) return refuse('meters_changed')

  if (buckets.differing !== '{}') {
    const wanted = await findSuspects(session, options, answers, buckets)
    const isMost = (wanted.count - baseline.rejected) * 2 > rows
    if (wanted.count > maxWanted || isMost) return refuse('most_differ')
    await readSuspects(session, options, answers, wanted)
  }
  return {
    staged: {
      readMode: 'narrow',
      readReason: null,
      loaded: 0,
      before: {
        total: buckets.meters,
        // Not counted here: it is that of the last success, because the content is.
        active: baseline.meters.active,
        rows: buckets.present,
        digest: BigInt(buckets.presentDigest),
      },
      bytes: answers.bytes(),
      source: { rows, digest: BigInt(buckets.digest) },
      content: baseline.content,
    },
  }
}

/** The first query: the digest of each bucket, on both sides. */
async function compareBuckets(
  { client }: Session,
  { clientSystemId, projection, baseline, report }: IncrementalOptions,
  { send, read }: Answers,
): Promise<Buckets> {
  const mask = bucketsFor(baseline.meters.total, baseline.changed) - 1
  report.step('digests', null)
  const answer = startReading(send(digestQuery(projection.hashes, mask)))
  await client.query(ourDigest(clientSystemId, mask))
  await read('their_digest', answer)
  const { rows } = await client.query<Omit<Buckets, 'mask'>>(compareDigests)
  if (!rows[0]) throw new Error('comparing the digests returned no row')
  return { ...rows[0], mask }
}

/** The second query: the hashes of the rows in the buckets that differ. Fills `suspect`. */
async function findSuspects(
  { client }: Session,
  { clientSystemId, projection, report }: IncrementalOptions,
  { send, read }: Answers,
  { rows, rowsToHash, allDiffer, differing, mask }: Buckets,
): Promise<Wanted> {
  report.step('rows', rowsToHash)
  const answer = startReading(send(allDiffer ? projection.hashes : projection.hashesWithin(mask, differing)))
  await client.query(ourRows(clientSystemId, allDiffer ? 'true' : inBuckets(mask, differing)))
  await read('their_row', answer)
  await client.query('analyze our_row')
  await client.query('analyze their_row')
  await client.query(findSuspectRows)
  const repeats = await client.query<{ repeated: boolean }>(hasRepeats)
  if (repeats.rows[0]?.repeated) {
    await client.query(findRepeatsAtSource)
    await client.query(findLocalRepeats)
  }
  await client.query('analyze suspect')
  const wanted = await client.query<Wanted>(listWanted, [rows])
  return wanted.rows[0] ?? { count: 0, idHashes: '{}', externalIds: null }
}

/** The third query: the suspects themselves, by external id where an index of the source serves that. Fills `staging`. */
async function readSuspects(
  { client }: Session,
  { clientSystemId, source, projection, report }: IncrementalOptions,
  { send, read }: Answers,
  { count, idHashes, externalIds }: Wanted,
): Promise<void> {
  if (count > 0) {
    report.step('meters', count)
    const byExternalId = externalIds !== null && (await projection.hasIndexFor(source, externalIds))
    await read('staging', send(projection.select(byExternalId ? { externalIds } : { idHashes })))
    await client.query('analyze staging')
  }
  await client.query(findStaged, [clientSystemId])
  await client.query('analyze suspect')
}

type Wanted = {
  count: number
  idHashes: string
  /** Of the same meters, where all of them are known here and they are few. */
  externalIds: string | null
}

type Buckets = {
  /** Rows of the source, and the xor of their hashes. */
  rows: number
  digest: string
  /** The xor of `whole_hash` over the present meters here. */
  content: string
  /** Rows of the source in the buckets that differ. */
  rowsToHash: number
  allDiffer: boolean
  /** Meters here, removed ones included. */
  meters: number
  /** Present meters here, and the xor of the source's hashes of them. */
  present: number
  presentDigest: string
  /** The buckets that differ, as the text of an array. */
  differing: string
  /** Selects the bucket of an id hash. */
  mask: number
}

/**
 * Returns the number of buckets, a power of two. Usually 64 meters are in a bucket: half a megabyte of digests for a million.
 * Where the last run changed many, there are more buckets. With b of them, a changed meter makes the second query hash
 * meters / b rows, and a bucket costs about as much as the hash of a row. So the costs are equal where b is the root of
 * meters × changed.
 */
function bucketsFor(meters: number, changed: number): number {
  const wanted = Math.max(meters / 64, Math.min(meters / 8, Math.sqrt(meters * changed)))
  return 2 ** Math.min(20, Math.max(4, Math.round(Math.log2(Math.max(1, wanted)))))
}

/** The fence has each hash computed once, and keeps the planner from expecting a bucket for each meter. */
function digestQuery(hashes: string, mask: number): string {
  return `select (h.id_hash & ${mask})::integer, count(*), bit_xor(h.row_hash)\nfrom (\n${hashes}\noffset '0') h\ngroup by 1`
}

function inBuckets(mask: number, buckets: string): string {
  return `(id_hash & ${mask})::integer = any ('${buckets}'::integer[])`
}

/** Returns a statement without parameters, because only a statement that creates a table can use the server's workers. */
function ourDigest(clientSystemId: string, mask: number): string {
  return `
    create temporary table our_digest on commit drop as
    select bucket, count(*) as rows, bit_xor(row_hash) as digest, bit_xor(whole_hash) as content
    from (
      select case when removed_at is null then (id_hash & ${mask})::integer else -1 end as bucket, row_hash, whole_hash
      from sync.meter
      where client_system_id = ${pg.escapeLiteral(clientSystemId)}
      -- The planner would expect a bucket for each meter.
      offset 0
    ) meter
    group by bucket`
}

/** The same of each meter in these buckets, those without a hash among them. */
function ourRows(clientSystemId: string, only: string): string {
  return `
    create temporary table our_row on commit drop as
    select id, id_hash, row_hash
    from sync.meter
    where client_system_id = ${pg.escapeLiteral(clientSystemId)} and removed_at is null and (id_hash is null or ${only})`
}

type Answers = {
  /** Sends a query to the source and returns the bytes of its answer. */
  send: (query: string) => ReturnType<Source['copy']>
  /** Copies an answer into a table. */
  read: (table: string, answer: AsyncIterable<Buffer>) => Promise<void>
  /** How many bytes all answers have had. */
  bytes: () => number
}

function readAnswers(session: Session, { source, report }: IncrementalOptions): Answers {
  let bytesBefore = 0
  return {
    send: (query) => source.copy(`copy (\n${query}\n) to stdout (format binary)`, { sparse: true }),
    read: async (table, answer) => {
      const statement = `copy ${table} from stdin (format binary)`
      const { rows, bytes } = await copyInto(session, statement, answer, (now) =>
        report.progress({ bytesRead: bytesBefore + now }),
      )
      bytesBefore += bytes
      report.progress({ bytesRead: bytesBefore, rowsRead: rows })
    },
    bytes: () => bytesBefore,
  }
}
