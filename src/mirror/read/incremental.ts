import pg from 'pg'
import { type Session, sqlBeside } from '../../db/connect.ts'
import { copyInto, startReading } from '../../db/copy.ts'
import type { StoredBaseline } from '../../runs/store.ts'
import type { ReadReason } from '../../wire/types.ts'
import type { Source } from '../source/connection.ts'
import type { Projection } from '../source/projection.ts'
import type { Staged, Teller } from './stage.ts'

const [
  compareDigests = '',
  findDifferent = '',
  compareNumbers = '',
  findDoubledThere = '',
  findDoubledHere = '',
  suspectStaged = '',
] = sqlBeside(import.meta.url, '../sql/narrow.sql').split(/;\s*\n/)

const createAnswers = `
  create temporary table their_digest (bucket integer, rows bigint, digest bigint) on commit drop;
  create temporary table their_row (id_hash bigint, row_hash bigint) on commit drop;
  create temporary table suspect (id_hash bigint, meter_id bigint) on commit drop;
  create or replace temporary view ours as select * from sync.meter where id in (select meter_id from suspect)`

const listWanted = sqlBeside(import.meta.url, '../sql/wanted.sql')

/** A question names at most so many meters: 10 MB of text. */
const mostWanted = 500_000

export type NarrowOptions = {
  clientSystemId: string
  source: Source
  projection: Projection
  basis: StoredBaseline
  tell: Teller
}

/** Either the source was read, or why all of it has to be; then `meters` is how many it has, where that was learnt. */
export type Narrowed = { staged: Staged } | { refused: ReadReason; meters: number | null; bytes: number }

/**
 * Reads only what differs, by three questions in one snapshot, each asked only where the one before found a difference:
 * which parts, which meters, what are they now. Hashes decide where to look, never what to write: they are the source's
 * own, kept with each meter since its row was read, so that both servers need not hash alike.
 */
export async function stageDifferences(session: Session, options: NarrowOptions): Promise<Narrowed> {
  const { source, projection, basis, tell } = options
  const { client } = session
  const { hashes } = projection
  await client.query(createAnswers)
  const ask = (question: string) => source.copy(`copy (\n${question}\n) to stdout (format binary)`, { sparse: true })
  const read = reader(session, tell)
  const mask = bucketsFor(basis.meters.total) - 1

  tell.step('digests', null)
  const asked = startReading(ask(digestQuestion(hashes, mask)))
  await client.query(ourDigest(options.clientSystemId, mask))
  await read('their_digest', asked)
  const found = await client.query<Digests>(compareDigests)
  const digests = found.rows[0]
  if (!digests) throw new Error('comparing the digests returned no row')
  const { rows, buckets, rowsToAsk, allDiffer } = digests
  if (BigInt(digests.content) !== basis.content) {
    return { refused: { code: 'meters_changed' }, meters: rows, bytes: read.bytes() }
  }

  if (buckets !== '{}') {
    tell.step('rows', rowsToAsk)
    const rowsAsked = startReading(ask(allDiffer ? hashes : projection.hashesWithin(mask, buckets)))
    await client.query(ourRows(options.clientSystemId, allDiffer ? 'true' : inBuckets(mask, buckets)))
    await read('their_row', rowsAsked)
    await client.query('analyze our_row')
    await client.query('analyze their_row')
    await client.query(findDifferent)
    if ((await client.query<{ uneven: boolean }>(compareNumbers)).rows[0]?.uneven) {
      await client.query(findDoubledThere)
      await client.query(findDoubledHere)
    }
    await client.query('analyze suspect')
    const {
      count = 0,
      idHashes = '',
      externalIds = null,
    } = (await client.query<Wanted>(listWanted, [rows])).rows[0] ?? {}
    if (count > mostWanted || (count - basis.rejected) * 2 > rows)
      return { refused: { code: 'most_differ' }, meters: rows, bytes: read.bytes() }
    if (count > 0) {
      tell.step('meters', count)
      const named = externalIds !== null && (await projection.hasIndexFor(source, externalIds))
      await read('staging', ask(projection.select(named ? { externalIds } : { idHashes })))
      await client.query('analyze staging')
    }
    await client.query(suspectStaged, [options.clientSystemId])
    await client.query('analyze suspect')
  }
  return {
    staged: {
      readMode: 'narrow',
      readReason: null,
      standing:
        buckets === '{}'
          ? { total: digests.meters, active: basis.meters.active, rows, digest: BigInt(digests.digest) }
          : null,
      bytes: read.bytes(),
      source: { rows, digest: BigInt(digests.digest) },
      content: basis.content,
    },
  }
}

type Wanted = {
  count: number
  idHashes: string
  /** Of the same meters, where all of them are known here and they are few. */
  externalIds: string | null
}

type Digests = {
  rows: number
  digest: string
  content: string
  rowsToAsk: number
  allDiffer: boolean
  /** Here, removed ones among them. */
  meters: number
  buckets: string
}

/** About sixty meters in a bucket: for a million, half a megabyte of digests. A power of two. */
function bucketsFor(meters: number): number {
  return 2 ** Math.min(20, Math.max(4, Math.ceil(Math.log2(Math.max(1, meters) / 64))))
}

/** The fence has each hash computed once, and keeps the planner from expecting a bucket for each meter. */
function digestQuestion(hashes: string, mask: number): string {
  return `select (h.id_hash & ${mask})::integer, count(*), bit_xor(h.row_hash)\nfrom (\n${hashes}\noffset '0') h\ngroup by 1`
}

function inBuckets(mask: number, buckets: string): string {
  return `(id_hash & ${mask})::integer = any ('${buckets}'::integer[])`
}

/** A statement that makes a table takes no parameters; only such a one may use the server's workers. */
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

/** Pipes answers into tables, and tells how many bytes have come altogether. */
function reader(session: Session, tell: Teller) {
  let before = 0
  const read = async (table: string, answer: AsyncIterable<Buffer>) => {
    const statement = `copy ${table} from stdin (format binary)`
    const { rows, bytes } = await copyInto(session, statement, answer, (now) =>
      tell.progress({ bytesRead: before + now }),
    )
    before += bytes
    tell.progress({ bytesRead: before, rowsRead: rows })
  }
  return Object.assign(read, { bytes: () => before })
}
