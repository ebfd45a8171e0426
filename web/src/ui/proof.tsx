import type { Run } from '../../../src/wire/types.ts'
import { formatCount, plural } from './format.ts'
import { Icon } from './icon.tsx'

/** Shows that this run proved both sides equal. Renders nothing when it did not. */
export function ProofMark({ run: { proof, counts } }: { run: Pick<Run, 'proof' | 'counts'> }) {
  if (proof === null) return null
  const apart = [
    counts !== null && counts.withheld > 0 ? `${formatCount(counts.withheld)} held back` : null,
    counts !== null && counts.rejected > 0 ? `${formatCount(counts.rejected)} rejected` : null,
  ].filter((part) => part !== null)
  const title = `Both sides held the same ${plural(proof.rows, 'meter')}, by the digest ${proof.digest}`
  return (
    <span class="proof" title={title}>
      <Icon name="check" />
      Proven equal{apart.length > 0 && ` apart from ${apart.join(' and ')}`} · {plural(proof.rows, 'meter')}
    </span>
  )
}
