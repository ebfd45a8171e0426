import type { Queryable } from '../db/connect.ts'
import type { Session } from '../db/session.ts'
import { sqlBeside } from '../db/sql-file.ts'
import { AgentError } from '../lib/errors.ts'
import type { Baseline } from '../runs/baseline.ts'
import type { Run } from '../wire/types.ts'
import type { Difference } from './compare.ts'
import type { Verdict } from './guard.ts'
import type { Staged } from './read/stage.ts'
import { refuseAltered, runTriggers, triggersHint } from './triggers.ts'

const measureMeters = sqlBeside(import.meta.url, 'sql/measure-meters.sql')

/** The proof, and the numbers and content of the meters after the run. */
export type Proof = { proof: NonNullable<Run['proof']>; meters: Baseline['meters']; content: bigint }

/**
 * Proves that both sides are equal, before the commit:
 *
 *     present meters − meters kept as they were = rows of the source − rejected rows
 *
 * The equation holds for the number of rows and for the xor of their hashes. Kept are the meters whose rows were rejected
 * or whose deletion was withheld. When nothing differed, nothing was written, and the equation is that of the meters
 * before the run. Throws `proof_failed` when it does not hold; then nothing of the run becomes visible.
 *
 * `content` is computed from what was compared and written, not read from the table. So the next run detects a meter that
 * another program has changed meanwhile.
 */
export async function prove(
  { client }: Session,
  run: { id: string; clientSystemId: string },
  { staged, difference, verdict }: { staged: Staged; difference: Difference; verdict: Verdict },
): Promise<Proof> {
  const { source, loaded, standing, content } = staged
  if (standing && isNothing(difference)) {
    const { total, active, rows, digest } = standing
    requireEqual({ rows, digest }, source, null)
    return { meters: { total, active }, content, proof: { rows, digest: hexadecimal(digest) } }
  }

  const triggers = await runTriggers(client)
  const terms = await readTerms(client, run, verdict)
  // The loaded meters are among the written ones.
  const newContent = (loaded > 0 ? 0n : content) ^ BigInt(terms.written)
  if (triggers !== null) {
    const { clientSystemId } = run
    await refuseAltered(client, triggers, { clientSystemId, content: newContent })
  }
  const here = {
    rows: terms.presentRows - terms.keptRows,
    digest: BigInt(terms.presentDigest) ^ BigInt(terms.keptDigest),
  }
  const there = {
    rows: source.rows - terms.rejectedRows,
    digest: source.digest ^ BigInt(terms.rejectedDigest),
  }
  requireEqual(here, there, triggers)
  return {
    proof: { rows: here.rows, digest: hexadecimal(here.digest) },
    meters: { total: terms.total, active: terms.active },
    content: newContent,
  }
}

function isNothing({ inserted, updated, missing, rehashed, rejected }: Difference): boolean {
  return inserted + updated + missing + rehashed + rejected === 0
}

type Side = { rows: number; digest: bigint }

function requireEqual(here: Side, there: Side, triggers: string | null): void {
  if (there.rows === here.rows && there.digest === here.digest) return
  const differ = there.rows === here.rows ? ', of which some differ' : ''
  throw new AgentError(
    'proof_failed',
    `The meters would not equal those of the Client System: ${here.rows} here, ${there.rows} there${differ}`,
    { hint: triggers === null ? unstableQueryHint : triggersHint(triggers) },
  )
}

const unstableQueryHint =
  'Check that CLIENT_SYSTEM_QUERY returns the same rows each time; random(), LIMIT or array_agg without ORDER BY, and sums of float8 do not'

/** The terms of the equation, with the names of measure-meters.sql. Digests are the text of a bigint. */
type Terms = {
  total: number
  active: number
  written: string
  presentRows: number
  presentDigest: string
  keptRows: number
  keptDigest: string
  rejectedRows: number
  rejectedDigest: string
}

async function readTerms(
  client: Queryable,
  run: { id: string; clientSystemId: string },
  { deletions }: Verdict,
): Promise<Terms> {
  const { rows } = await client.query<Terms>(measureMeters, [run.clientSystemId, deletions === 'withhold', run.id])
  if (!rows[0]) throw new Error('measuring the meters returned no row')
  return rows[0]
}

function hexadecimal(digest: bigint): string {
  return BigInt.asUintN(64, digest).toString(16).padStart(16, '0')
}
