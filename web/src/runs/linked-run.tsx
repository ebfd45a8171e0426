import { readRun } from '../data/api.ts'
import { addressOf, type RunPart } from '../routing/route.ts'
import { useStamp } from '../ui/clock.tsx'
import { sentences } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { LoadFailure } from '../ui/load-failure.tsx'
import { useAnswer } from '../ui/use-answer.ts'
import { outcomeWords } from '../ui/words.ts'
import { RunDetails } from './run-details.tsx'

/** The run of the address when no list of the page has it: loaded separately and shown first. */
export function LinkedRun({ runId, part }: { runId: string; part: RunPart | null }) {
  const { answer: run, error, retry } = useAnswer(() => readRun(runId))
  const stamp = useStamp()
  return (
    <section class="card linked-run" aria-label="Linked run" aria-busy={run === null && error === null}>
      <div class="linked-run-head">
        <h2>{run === null ? 'Run' : `Run of ${stamp(run.queuedAt, 'full')}`}</h2>
        {run !== null && (
          <span class="outcome" data-tone={outcomeWords[run.status].tone}>
            <Icon name={outcomeWords[run.status].icon} />
            {outcomeWords[run.status].word}
          </span>
        )}
        <a href={addressOf(null)}>Close</a>
      </div>
      {run !== null && <RunDetails run={run} part={part} heading="h3" />}
      {error?.status === 404 && (
        <p class="teaching">
          This run is not in the history. It was deleted because of its age, or the address is wrong.
        </p>
      )}
      {error !== null && error.status !== 404 && (
        <LoadFailure retry={retry}>The run could not be loaded. {sentences(error.message, error.hint)}</LoadFailure>
      )}
    </section>
  )
}
