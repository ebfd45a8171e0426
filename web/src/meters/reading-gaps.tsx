import { useState } from 'preact/hooks'
import type { ReadingGap } from '../../../src/wire/types.ts'
import { useStamp } from '../ui/clock.tsx'
import { formatDuration, plural } from '../ui/format.ts'
import type { Heading } from '../ui/heading.ts'

const maxAtFirst = 5

/** The times in which readings of the meter are missing, newest first. */
export function ReadingGaps({ gaps, heading: Heading }: { gaps: readonly ReadingGap[]; heading: Heading }) {
  const [all, setAll] = useState(false)
  const stamp = useStamp()
  return (
    <section class="reading-gaps" aria-label="Gaps">
      <Heading>Gaps</Heading>
      {gaps.length === 0 && <p class="teaching">No reading is missing in this time.</p>}
      <ul>
        {gaps.slice(0, all ? undefined : maxAtFirst).map((gap) => (
          <li key={`${gap.quantity} ${gap.from}`}>
            <span>{gap.quantity}</span>
            <span>
              {gap.to === null ? `since ${stamp(gap.from)}` : `${stamp(gap.from)} to ${stamp(gap.to)}`}
              {gap.to !== null && `, ${formatDuration(Date.parse(gap.to) - Date.parse(gap.from))}`}
            </span>
            <span class="quiet">{plural(gap.missing, 'reading')} missing</span>
          </li>
        ))}
      </ul>
      {gaps.length > maxAtFirst && (
        <button type="button" class="button-plain" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Show fewer gaps' : `Show all ${gaps.length} gaps`}
        </button>
      )}
    </section>
  )
}
