import type { ComponentChildren } from 'preact'
import type { ClientSystemStatus, Progress } from '../../../src/wire/types.ts'
import { useMissing } from '../login/allowed.ts'
import { useNow } from '../ui/clock.tsx'
import { formatAge, formatCountdown, formatExact } from '../ui/format.ts'
import { formatStamp } from '../ui/time-style.ts'
import { useTimeStyle } from '../ui/times.tsx'
import { requestedBy } from '../ui/words.ts'
import { SyncProgress } from './progress.tsx'

type Props = {
  status: ClientSystemStatus
  progress: Progress | null
  /** Whether the status is known to be true now. */
  current: boolean
  /** Whether the active run has lasted so long that its progress is shown. */
  isLong: boolean
  /** Shown in place of all else. */
  children?: ComponentChildren
}

/** Returns the id of the text that describes the button *Sync now*. */
export function reasonIdOf({ id }: ClientSystemStatus): string {
  return `sync-now-reason-${id}`
}

/**
 * The line below the headline: the next scheduled sync, or the progress of the active one. It has the same height for both,
 * so that a sync moves nothing.
 */
export function SyncLine({ status, progress, current, isLong, children }: Props) {
  const { activeRun, workers } = status
  const missing = useMissing('operate')
  const isShown = activeRun !== null && isLong && current && workers !== 0
  const isHidden = isShown || Boolean(children)
  return (
    <div class="sync-line">
      {children}
      {!children && isShown && <SyncProgress run={activeRun} progress={progress} />}
      <div id={reasonIdOf(status)}>
        {/* New elements: a browser keeps nothing in place while an element changes to or from an absolute position. */}
        <p key={isHidden} class={isHidden ? 'unseen' : 'sync-reason'}>
          {!current ? (
            'Not available until the page is live again'
          ) : activeRun === null ? (
            <NextRun schedule={status.schedule} />
          ) : (
            <>A sync requested {requestedBy(activeRun)} is active</>
          )}
        </p>
        {missing !== null && (
          <p class="sync-reason">To start or cancel a sync, log in with a token that has {missing}.</p>
        )}
      </div>
    </div>
  )
}

function NextRun({ schedule }: { schedule: ClientSystemStatus['schedule'] }) {
  const now = useNow()
  const style = useTimeStyle()
  if (schedule.nextRunAt === null) return <>No sync is scheduled</>
  const left = Date.parse(schedule.nextRunAt) - now
  const overdue = left < -15_000
  const timeOf = (iso: string) => {
    if (style !== 'relative') return formatStamp(iso, style, 'short')
    return overdue ? formatAge(-left) : formatCountdown(left)
  }
  return (
    <>
      {overdue ? 'The next sync was due ' : 'Next sync '}
      <time
        dateTime={schedule.nextRunAt}
        title={`${formatExact(schedule.nextRunAt)}, schedule ${schedule.cron} (${schedule.timeZone})`}
      >
        {timeOf(schedule.nextRunAt)}
      </time>
    </>
  )
}
