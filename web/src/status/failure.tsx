import type { ClientSystemStatus, Run } from '../../../src/wire/types.ts'
import { addressOf } from '../routing/route.ts'
import { useNow, useStamp } from '../ui/clock.tsx'
import { failureWords, guideAddress } from '../ui/failure-words.ts'
import { formatCountdown, formatExact, sentences } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'

type Props = {
  run: Run
  status: ClientSystemStatus
  /** Whether the status is known to be true now. */
  current: boolean
}

/** Shows why the last sync failed, what happens next and what to do, until a sync succeeds. */
export function Failure({ run, status, current }: Props) {
  // A date, whatever the style of times: an age would be announced again at each of its steps.
  const stamp = useStamp()
  const at = run.finishedAt ?? run.queuedAt
  const code = run.error?.code
  const guide = guideAddress(code)
  return (
    <div class="notice" data-tone="bad">
      <Icon name="cross" />
      <div>
        <div role="alert">
          <p class="notice-title">{failureWords(code)}</p>
          <p>
            <span>
              Nothing was changed. {/* A countdown must not be announced again and again. */}
              <span aria-live="off">{current && <NextTry status={status} />}</span>
            </span>{' '}
            <span class="notice-hint">{sentences(run.error?.hint)}</span>
          </p>
          <details class="notice-details" open>
            <summary>Details</summary>
            <p>{sentences(run.error?.message ?? 'The sync ended without a reason')}</p>
            <p class="notice-facts">
              {run.status === 'interrupted' ? 'Interrupted' : 'Failed'}{' '}
              <time dateTime={at} title={formatExact(at)}>
                {stamp(at, 'full')}
              </time>
              {code !== undefined && <code>{code}</code>}
            </p>
          </details>
        </div>
        <p class="notice-foot">
          <a href={addressOf(run.id)}>
            See the failed run
            <Icon name="arrow" />
          </a>
          {guide !== null && (
            <a href={guide} target="_blank" rel="noopener">
              Open the guide to this error
              <Icon name="arrow" />
            </a>
          )}
        </p>
      </div>
    </div>
  )
}

function NextTry({ status: { activeRun, schedule, workers } }: Pick<Props, 'status'>) {
  const now = useNow()
  if (activeRun !== null) return <>The next attempt is {activeRun.status === 'running' ? 'running' : 'queued'}.</>
  if (schedule.nextRunAt === null || workers === 0) return null
  return <>Next attempt {formatCountdown(Date.parse(schedule.nextRunAt) - now)}.</>
}
