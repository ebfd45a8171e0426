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

const measureChanges = sqlBeside(import.meta.url, 'sql/measure-changes.sql')

/** The proof, and the numbers and content of the meters after the run. */
export type Proof = { proof: NonNullable<Run['proof']>; meters: Baseline['meters']; content: bigint }

/**
 * Proves that both sides are equal, before the commit:
 *
 *     meters before − replaced + written − kept = rows of the source − rejected rows
 *
 * The equation holds for the number of present meters and for the xor of their hashes. The meters before are measured before
 * the comparison. Replaced are those of them that the run wrote, and written is what is stored in their place, read again.
 * Kept are the meters whose rows were rejected or whose deletion was withheld. Throws `proof_failed` when it does not hold;
 * then nothing of the run becomes visible.
 *
 * `content` is computed from the meters before and from what the run wrote. So the next run detects a meter that another
 * program has changed meanwhile.
 */
export async function prove(
  { client }: Session,
  run: { clientSystemId: string },
  { staged, difference, verdict }: { staged: Staged; difference: Difference; verdict: Verdict },
): Promise<Proof> {
  const { source, before } = staged
  const terms = await readTerms(client, run, verdict)
  const content = staged.content ^ BigInt(terms.contentDelta)
  const triggers = isNothing(difference) ? null : await runTriggers(client)
  if (triggers !== null) await refuseAltered(client, triggers, { ...run, content })
  const here = {
    rows: before.rows + terms.rowsDelta - terms.keptRows,
    digest: before.digest ^ BigInt(terms.digestDelta) ^ BigInt(terms.keptDigest),
  }
  const there = {
    rows: source.rows - terms.rejectedRows,
    digest: source.digest ^ BigInt(terms.rejectedDigest),
  }
  requireEqual(here, there, triggers)
  return {
    proof: { rows: here.rows, digest: hexadecimal(here.digest) },
    meters: { total: before.total + terms.inserted, active: before.active + terms.activeDelta },
    content,
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
  'Check that CLIENT_SYSTEM_QUERY returns the same rows each time (random(), LIMIT or array_agg without ORDER BY, and sums of float8 do not), and that no other program writes sync.meter'

/**
 * The terms of the equation, with the names of measure-changes.sql: each delta is written
 * minus replaced, for sums the difference and for xors the xor.
 */
type Terms = {
  inserted: number
  activeDelta: number
  rowsDelta: number
  digestDelta: string
  contentDelta: string
  keptRows: number
  keptDigest: string
  rejectedRows: number
  rejectedDigest: string
}

async function readTerms(
  client: Queryable,
  { clientSystemId }: { clientSystemId: string },
  { deletions }: Verdict,
): Promise<Terms> {
  const { rows } = await client.query<Terms>(measureChanges, [clientSystemId, deletions === 'withhold'])
  if (!rows[0]) throw new Error('measuring the changes returned no row')
  return rows[0]
}

function hexadecimal(digest: bigint): string {
  return BigInt.asUintN(64, digest).toString(16).padStart(16, '0')
}
