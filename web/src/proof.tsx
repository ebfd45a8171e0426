import type { Run } from '../../src/events.ts'
import { plural } from './format.ts'
import { Icon } from './icon.tsx'

/** Quietly: this run ended with both sides shown to be equal. Renders nothing when that was not shown. */
export function ProofMark({ proof }: { proof: Run['proof'] }) {
  if (proof === null) return null
  const title = `Both sides held the same ${plural(proof.rows, 'meter')}, by the digest ${proof.digest}`
  return (
    <span class="proof" title={title}>
      <Icon name="check" />
      Proven equal · {plural(proof.rows, 'meter')}
    </span>
  )
}
