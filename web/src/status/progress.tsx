import { phases } from '../../../src/wire/lists.ts'
import type { Phase, Progress, Run } from '../../../src/wire/types.ts'
import { Icon } from '../ui/icon.tsx'
import { phaseWords } from '../ui/words.ts'
import { reachOf } from './reach.ts'

/** The progress of the active run: what it does, how much has been read, and its phase among all phases. */
export function SyncProgress({ run, progress }: { run: Run; progress: Progress | null }) {
  const { phase, words, amount, share } = reachOf(run, progress)
  return (
    <div class="progress">
      {share === null ? (
        <progress aria-label="Sync progress" aria-valuetext={words} />
      ) : (
        <progress
          aria-label="Sync progress"
          value={share.done}
          max={share.of}
          aria-valuetext={`${words}, ${amount ?? ''}`}
        />
      )}
      <p class="progress-words">
        <span>{words}</span>
        {amount !== null && <span class="progress-amount">{amount}</span>}
      </p>
      <ol class="phases" aria-label="Phases">
        {phases.map((step) => {
          const place = placeOf(step, phase)
          return (
            <li key={step} data-place={place} aria-current={place === 'current' ? 'step' : undefined}>
              {place === 'done' ? <Icon name="check" /> : <span class="phase-dot" aria-hidden="true" />}
              {phaseWords[step].short}
              {place === 'done' && <span class="unseen"> done</span>}
            </li>
          )
        })}
      </ol>
    </div>
  )
}

function placeOf(step: Phase, phase: Phase | null): 'done' | 'current' | 'ahead' {
  if (step === phase) return 'current'
  return phase !== null && phases.indexOf(step) < phases.indexOf(phase) ? 'done' : 'ahead'
}
