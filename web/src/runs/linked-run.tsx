import { useEffect, useState } from 'preact/hooks'
import type { Run } from '../../../src/wire/types.ts'
import { readRun } from '../data/api.ts'
import { type ApiError, toApiError } from '../data/requests.ts'
import { addressOf, type RunPart } from '../routing/route.ts'
import { useStamp } from '../ui/clock.tsx'
import { sentences } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { outcomeWords } from '../ui/words.ts'
import { RunDetails } from './run-details.tsx'

/** The run of the address when no list of the page has it: loaded separately and shown first. */
export function LinkedRun({ runId, part }: { runId: string; part: RunPart | null }) {
  const [run, setRun] = useState<Run | null>(null)
  const [error, setError] = useState<ApiError | null>(null)
  const stamp = useStamp()
  useEffect(() => {
    readRun(runId).then(setRun, (reason) => setError(toApiError(reason)))
  }, [runId])
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
      {error !== null && (
        <p class="teaching">
          {error.status === 404
            ? 'This run is not in the history. It was deleted because of its age, or the address is wrong.'
            : sentences(error.message, error.hint)}
        </p>
      )}
    </section>
  )
}
