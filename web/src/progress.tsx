import type { Phase, Progress, Run } from '../../src/events.ts'
import { formatBytes, formatCount } from './format.ts'
import { Icon } from './icon.tsx'
import { phases, phaseWords } from './words.ts'

/** How far the active run is: the rows read of those expected, and its phase among all phases. */
export function SyncProgress({ run, progress }: { run: Run; progress: Progress | null }) {
  const phase = laterOf(run.phase, progress?.phase ?? null)
  const expected = progress?.rowsExpected ?? null
  const known = progress !== null && expected !== null && expected > 0
  return (
    <div class="progress">
      {known ? (
        <progress
          aria-label="Sync progress"
          value={Math.min(progress.rowsRead, expected)}
          max={expected}
          aria-valuetext={`${formatCount(progress.rowsRead)} of about ${formatCount(expected)} rows read`}
        />
      ) : (
        <progress aria-label="Sync progress" />
      )}
      <p class="progress-words">
        <span>{phase === null ? 'In the queue' : phaseWords[phase].doing}</span>
        {progress !== null && (
          <span class="progress-rows">
            <b>{formatCount(progress.rowsRead)}</b>
            {known ? ` of about ${formatCount(expected)} rows` : ' rows'}
            {progress.bytesRead > 0 && ` · ${formatBytes(progress.bytesRead)}`}
          </span>
        )}
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

/** Progress travels on a connection of its own and may come before or after the run's own event. */
function laterOf(a: Phase | null, b: Phase | null): Phase | null {
  if (a === null || b === null) return a ?? b
  return phases.indexOf(a) >= phases.indexOf(b) ? a : b
}

function placeOf(step: Phase, phase: Phase | null): 'done' | 'current' | 'ahead' {
  if (step === phase) return 'current'
  return phase !== null && phases.indexOf(step) < phases.indexOf(phase) ? 'done' : 'ahead'
}
