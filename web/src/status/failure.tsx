import type { Run } from '../../../src/wire/types.ts'
import { addressOf } from '../routing/route.ts'
import { useStamp } from '../ui/clock.tsx'
import { formatExact } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'

/** Why the last run failed, when, and what to do: shown until a run ends otherwise. */
export function Failure({ run }: { run: Run }) {
  // A date, whatever the style of times: an age would be announced again at each of its steps.
  const stamp = useStamp()
  const at = run.finishedAt ?? run.queuedAt
  return (
    <div class="notice" data-tone="bad" role="alert">
      <Icon name="cross" />
      <div>
        <p class="notice-title">{run.error?.message ?? 'The sync ended without a reason.'}</p>
        {run.error?.hint && <p>{run.error.hint}</p>}
        <p class="notice-foot">
          <span>
            {run.status === 'interrupted' ? 'Interrupted' : 'Failed'}{' '}
            <time dateTime={at} title={formatExact(at)}>
              {stamp(at, 'full')}
            </time>
          </span>
          {run.error !== null && <code>{run.error.code}</code>}
          <a href={addressOf(run.id)}>
            See the failed run
            <Icon name="arrow" />
          </a>
        </p>
      </div>
    </div>
  )
}
