import pg from 'pg'
import type { Copied } from '../../db/copy.ts'
import type { Session } from '../../db/session.ts'
import { storedColumns } from '../source/projection.ts'
import { runTriggers } from '../triggers.ts'
import { copyMeters, type FullRead, measure, request, type Staged } from './stage.ts'

/**
 * Reads a first load: copies the valid meters from the source straight into `sync.meter`, and stages only the other rows for
 * the comparison. That takes about half the time of staging every meter. Returns null when all must be staged instead; then
 * nothing is stored. That is so when there are meters already, when two rows have the same external id, when the table has
 * triggers, rules or policies, and when the query does not return the same rows twice.
 */
export async function loadMeters(session: Session, runId: string, read: FullRead): Promise<Staged | null> {
  const { client } = session
  if (!(await isLoadable(client, read.clientSystemId))) return null
  await client.query('savepoint empty')
  const loaded = await copyValid(session, runId, read)
  const staged = loaded && (await stageOthers(session, read, loaded))
  if (staged === null) await client.query('rollback to savepoint empty')
  await client.query('release savepoint empty')
  return staged
}

async function isLoadable(client: pg.Client, clientSystemId: string): Promise<boolean> {
  const meters = await client.query('select from sync.meter where client_system_id = $1 limit 1', [clientSystemId])
  return meters.rowCount === 0 && (await runTriggers(client)) === null
}

/** The errors of a meter that comes twice, and of a table with policies, which COPY refuses. */
const refusals = new Set(['23505', '0A000'])

/** Copies the valid meters into `sync.meter`. Returns null when the server refuses them. */
async function copyValid(session: Session, runId: string, read: FullRead): Promise<Copied | null> {
  const { clientSystemId, projection } = read
  const answer = request(read, projection.selectValid({ clientSystemId, runId }))
  try {
    return await copyMeters(session, read, answer, `sync.meter (${storedColumns.join(', ')})`)
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && refusals.has(error.code ?? ''))) throw error
    // The source can be queried again only after it has sent everything.
    for await (const _ of answer);
    return null
  }
}

/**
 * Stages the rows that were not copied. Returns null when one of them has the id of a stored meter, or when both together are
 * not the rows that the source has by its own count and digest.
 */
async function stageOthers(session: Session, read: FullRead, loaded: Copied): Promise<Staged | null> {
  const { client } = session
  const { clientSystemId, projection, reason } = read
  let { bytes } = loaded
  let staged = 0
  let [theirs, ours] = await Promise.all([measureSource(read), measure(client, clientSystemId)])
  const others = theirs.rows - loaded.rows
  if (others > 0) {
    const next = { ...read, expected: others, bytesBefore: bytes }
    // They may be few among many that the query computes.
    const answer = request(read, projection.selectOthers(), { sparse: true })
    const copied = await copyMeters(session, next, answer)
    bytes = copied.bytes
    staged = copied.rows
    await client.query('analyze staging')
    const repeated = await client.query('select from staging join ours using (external_id) limit 1')
    if (repeated.rowCount !== 0) return null
    ours = await measure(client, clientSystemId)
  }
  // A meter that another program has just stored may have no hash, and two equal rows cancel each other out.
  if (theirs.rows !== ours.before.rows + staged) return null
  if (theirs.digest !== (ours.before.digest ^ ours.digest)) return null
  // The stored meters are not compared.
  await client.query('create or replace temporary view ours as select * from sync.meter where false')
  return {
    readMode: 'full',
    readReason: reason,
    loaded: loaded.rows,
    before: ours.before,
    bytes,
    source: theirs,
    content: ours.content,
  }
}

/** Returns the number of meters at the source and the xor of their hashes, by a query of its own. */
async function measureSource({ source, projection }: FullRead): Promise<Staged['source']> {
  const { rows } = await source.query<{ rows: number; digest: string }>(
    `select count(*)::float8 as rows, coalesce(bit_xor(h.row_hash), 0)::text as digest from (\n${projection.hashes}\n) h`,
  )
  if (!rows[0]) throw new Error('measuring the source returned no row')
  return { rows: rows[0].rows, digest: BigInt(rows[0].digest) }
}
