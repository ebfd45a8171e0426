import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { ClientSystemStatus, Run } from '../../../src/wire/types.ts'
import { startRun } from '../data/api.ts'
import { type ApiError, toApiError } from '../data/requests.ts'
import { useMissing } from '../login/allowed.ts'
import { useNow } from '../ui/clock.tsx'
import { formatAge, formatCountdown, formatExact } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { formatStamp } from '../ui/time-style.ts'
import { useTimeStyle } from '../ui/times.tsx'
import { useStays } from '../ui/use-stays.ts'
import { requestedBy } from '../ui/words.ts'
import { CancelSync } from './cancel.tsx'

/** A sync that is over sooner cannot be cancelled in time: the button would only flash. */
const cancelDelayMs = 500

type Props = {
  status: ClientSystemStatus
  tell: (run: Run) => void
  /** Whether the status is what is: without that, nothing can be asked for. */
  current: boolean
  /** A button that stands beside. */
  children?: ComponentChildren
}

/**
 * The button that asks for a sync, and when the next one comes by itself. Disabled while a run of the Client System is
 * active, wherever it was started, and for a login that may not operate. A run that is active already is joined; any other refusal is shown beside the button.
 */
export function SyncNow({ status, tell, current, children }: Props) {
  const [asking, setAsking] = useState(false)
  const [refusal, setRefusal] = useState<ApiError | null>(null)
  const { activeRun } = status
  const busy = asking || activeRun !== null
  const missing = useMissing('operate')
  const reasonId = `sync-now-reason-${status.id}`

  const lasts = useStays(activeRun?.id ?? null, cancelDelayMs)
  const { root, button } = useFocusKept(busy || !current)
  const activeId = activeRun?.id
  // A run that started by other means makes the refusal old news.
  useEffect(() => {
    if (activeId !== undefined) setRefusal(null)
  }, [activeId])

  const ask = async () => {
    setAsking(true)
    setRefusal(null)
    try {
      tell(await startRun(status.id))
    } catch (error) {
      setRefusal(toApiError(error))
    } finally {
      setAsking(false)
    }
  }

  return (
    <div class="trigger" ref={root}>
      <div class="trigger-buttons">
        <button
          ref={button}
          type="button"
          class="button"
          disabled={busy || !current || missing !== null}
          aria-busy={busy}
          aria-describedby={reasonId}
          onClick={ask}
        >
          <Icon name="running" class={busy && current && status.workers !== 0 ? 'turning' : ''} />
          {wordOf(busy, current, status)}
        </button>
        {missing === null && children}
      </div>
      <p class="trigger-reason" id={reasonId}>
        {!current ? (
          'Not available until the page is live again'
        ) : activeRun === null ? (
          <NextRun schedule={status.schedule} />
        ) : (
          <>A sync requested {requestedBy(activeRun)} is active</>
        )}
        {missing !== null && `. To start or cancel a sync, log in with a token that has ${missing}`}
      </p>
      {activeRun !== null && lasts && current && missing === null && (
        <CancelSync key={activeRun.id} run={activeRun} tell={tell} />
      )}
      {refusal !== null && <Refusal words="The sync could not be started." error={refusal} />}
    </div>
  )
}

function wordOf(busy: boolean, current: boolean, { activeRun, workers }: ClientSystemStatus): string {
  if (!busy || !current) return 'Sync now'
  return activeRun?.status === 'queued' && workers === 0 ? 'Queued' : 'Syncing…'
}

/** What is disabled or goes away loses the focus: whoever had it here gets the button, unless they went elsewhere. */
function useFocusKept(busy: boolean) {
  const root = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const held = useRef(false)
  // While rendering, the page is still as it was before.
  if (busy && document.activeElement !== null && root.current?.contains(document.activeElement)) held.current = true
  useEffect(() => {
    if (busy || !held.current) return
    held.current = false
    if (document.activeElement === document.body) button.current?.focus({ preventScroll: true })
  }, [busy])
  return { root, button }
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
