import { type Queryable, type Session, sqlBeside } from '../db/connect.ts'
import { AgentError } from '../lib/errors.ts'
import type { Baseline } from '../runs/store.ts'
import type { Run } from '../wire/types.ts'
import type { Difference } from './compare.ts'
import type { Verdict } from './guard.ts'
import { isFirstLoad, type Staged } from './read/stage.ts'

const measureMeters = sqlBeside(import.meta.url, 'sql/prove.sql')
const countAltered = sqlBeside(import.meta.url, 'sql/stored.sql')

/** What can store something else than was written: nothing of the agent's. */
const listMeddlers = `
  select string_agg(name, ', ' order by name) as names
  from (
    select 'trigger ' || tgname as name from pg_trigger
    where tgrelid = 'sync.meter'::regclass and not tgisinternal and tgenabled <> 'D'
    union all
    select 'rule ' || rulename from pg_rules where schemaname = 'sync' and tablename = 'meter'
  ) meddler`

/** The proof, null where the source computes no digest, and what stands in the Sync database now, as far as the run knows. */
export type Proof = { proof: Run['proof']; meters: Baseline['meters']; content: bigint }

/**
 * Holds the meters as they are now against what the source answered: as many rows, and the same xor of their hashes,
 * leaving out what the run left as it was (rejected rows, withheld deletions). Where nothing differed, nothing was written, and
 * what stood here before is held against the source. The content is what was compared and what was written, never what
 * stands here now: somebody else may have changed a meter meanwhile, and the next run is to see it. Throws
 * `proof_failed`, and nothing of the run becomes visible.
 */
export async function prove(
  { client }: Session,
  run: { id: string; clientSystemId: string },
  { staged, difference, verdict }: { staged: Staged; difference: Difference; verdict: Verdict },
): Promise<Proof> {
  const { source, standing, content } = staged
  const { inserted, updated, missing, rehashed, rejected } = difference
  if (standing && inserted + updated + missing + rehashed + rejected === 0 && source.digest !== null) {
    const { total, active, rows, digest } = standing
    requireEqual({ rows, digest }, { rows: source.rows, digest: source.digest }, null)
    return { meters: { total, active }, content, proof: { rows, digest: hexadecimal(digest) } }
  }
  const meddlers = await findMeddlers(client)
  // What is deferred would otherwise write after the proof.
  if (meddlers !== null) await client.query('set constraints all immediate')
  const { rows } = await client.query<Measured>(measureMeters, [
    run.clientSystemId,
    verdict.deletions === 'withhold',
    run.id,
  ])
  const here = rows[0]
  if (!here) throw new Error('measuring the meters returned no row')
  const { total, active } = here
  const found = { meters: { total, active }, content: content ^ BigInt(here.written) }
  if (meddlers !== null)
    await refuseAltered(client, {
      clientSystemId: run.clientSystemId,
      firstLoad: isFirstLoad(staged),
      meddlers,
      content: found.content,
    })
  if (source.digest === null) return { proof: null, ...found }
  const there = {
    rows: source.rows - here.rejectedRows,
    digest: source.digest ^ BigInt(here.rejectedDigest),
  }
  requireEqual({ rows: here.rows, digest: BigInt(here.digest) }, there, meddlers)
  return { proof: { rows: here.rows, digest: hexadecimal(there.digest) }, ...found }
}

type Side = { rows: number; digest: bigint }

function requireEqual(here: Side, there: Side, meddlers: string | null): void {
  if (there.rows === here.rows && there.digest === here.digest) return
  const differ = there.rows === here.rows ? ', of which some differ' : ''
  throw new AgentError(
    'proof_failed',
    `The meters would not equal those of the Client System: ${here.rows} here, ${there.rows} there${differ}`,
    { hint: meddlers === null ? askedTwice : accuse(meddlers) },
  )
}

const askedTwice =
  'Does CLIENT_SYSTEM_QUERY give the same rows when it is asked twice? random(), LIMIT or array_agg without ORDER BY, and sums of float8 do not'

function accuse(meddlers: string): string {
  return `Something on sync.meter changes what is written: ${meddlers}. Remove it, or have it change columns of its own only`
}

async function findMeddlers(client: Queryable): Promise<string | null> {
  return (await client.query<{ names: string | null }>(listMeddlers)).rows[0]?.names ?? null
}

/** The hashes come from the source: what a trigger or a rule makes of the values, here or in another meter, does not show in them. */
async function refuseAltered(
  client: Queryable,
  {
    clientSystemId,
    firstLoad,
    meddlers,
    content,
  }: { clientSystemId: string; firstLoad: boolean; meddlers: string; content: bigint },
): Promise<void> {
  const { rows } = await client.query<{ altered: number; content: string }>(countAltered, [clientSystemId, firstLoad])
  const { altered = 0, content: stands = '0' } = rows[0] ?? {}
  if (altered === 0 && BigInt(stands) === content) return
  const message =
    altered > 0
      ? `${altered} of the meters that were written are stored otherwise here`
      : 'Meters that the run did not write have changed with it'
  throw new AgentError('proof_failed', message, { hint: accuse(meddlers) })
}

type Measured = {
  total: number
  active: number
  written: string
  rows: number
  digest: string
  rejectedRows: number
  rejectedDigest: string
}

function hexadecimal(digest: bigint): string {
  return BigInt.asUintN(64, digest).toString(16).padStart(16, '0')
}
