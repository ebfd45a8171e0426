import { type Session, sqlBeside } from '../db/connect.ts'
import { AgentError } from '../errors.ts'
import type { Run } from '../events.ts'
import type { Verdict } from './guard.ts'
import type { Left } from './record.ts'
import type { Staged } from './stage.ts'

const measureMeters = sqlBeside(import.meta.url, 'prove.sql')

/** The proof, null where the source computes no digest, and what stands in the Sync database now, as far as the run knows. */
export type Proof = { proof: Run['proof']; meters: Left['meters']; content: bigint }

/**
 * Holds the meters as they are now against what the source answered: as many rows, and the same xor of their hashes,
 * leaving out what the run left as it was (rejected rows, withheld deletions). Where every part was equal and nothing was
 * written, that is the proof, and `left` still holds. The content is what was compared and what was written, never what
 * stands here now: somebody else may have changed a meter meanwhile, and the next run is to see it. Throws
 * `proof_failed`, and nothing of the run becomes visible.
 */
export async function prove(
  { client }: Session,
  run: { id: string; clientSystemId: string },
  { source, equal, content }: Staged,
  { deletions }: Verdict,
  left: Left,
): Promise<Proof> {
  if (equal && source.digest !== null)
    return { ...left, proof: { rows: source.rows, digest: hexadecimal(source.digest) } }
  const { rows } = await client.query<Measured>(measureMeters, [run.clientSystemId, deletions === 'withhold', run.id])
  const here = rows[0]
  if (!here) throw new Error('measuring the meters returned no row')
  const { total, active } = here
  const found = { meters: { total, active }, content: content ^ BigInt(here.written) }
  if (source.digest === null) return { proof: null, ...found }
  const there = {
    rows: source.rows - here.rejectedRows,
    digest: source.digest ^ BigInt(here.rejectedDigest),
  }
  if (there.rows !== here.rows || there.digest !== BigInt(here.digest)) {
    throw new AgentError(
      'proof_failed',
      `The meters would not equal those of the Client System: ${here.rows} here, ${there.rows} there${there.rows === here.rows ? ', of which some differ' : ''}`,
      {
        hint: 'Does CLIENT_SYSTEM_QUERY give the same rows when it is asked twice? random(), and LIMIT or array_agg without ORDER BY, do not',
      },
    )
  }
  return { proof: { rows: here.rows, digest: hexadecimal(there.digest) }, ...found }
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
