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

/** A shorter sync cannot be cancelled in time, and its button would only flash. */
const cancelDelayMs = 500

type Props = {
  status: ClientSystemStatus
  onRun: (run: Run) => void
  /** Whether the status is known to be true now. Otherwise no sync can be started. */
  current: boolean
  /** A button beside it. */
  children?: ComponentChildren
}

/**
 * The button that starts a sync, and the time of the next scheduled one. It is disabled while a run of the Client System is
 * active, wherever that was started, and for a login without the scope `operate`. A refusal is shown below it.
 */
export function SyncNow({ status, onRun, current, children }: Props) {
  const [sending, setSending] = useState(false)
  const [refusal, setRefusal] = useState<ApiError | null>(null)
  const { activeRun } = status
  const busy = sending || activeRun !== null
  const missing = useMissing('operate')
  const reasonId = `sync-now-reason-${status.id}`

  const lasts = useStays(activeRun?.id ?? null, cancelDelayMs)
  const { root, button } = useFocusKept(busy || !current)
  const activeId = activeRun?.id
  // A run that was started elsewhere makes the refusal obsolete.
  useEffect(() => {
    if (activeId !== undefined) setRefusal(null)
  }, [activeId])

  const start = async () => {
    setSending(true)
    setRefusal(null)
    try {
      onRun(await startRun(status.id))
    } catch (error) {
      setRefusal(toApiError(error))
    } finally {
      setSending(false)
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
          onClick={start}
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
        <CancelSync key={activeRun.id} run={activeRun} onRun={onRun} />
      )}
      {refusal !== null && <Refusal words="The sync could not be started." error={refusal} />}
    </div>
  )
}

function wordOf(busy: boolean, current: boolean, { activeRun, workers }: ClientSystemStatus): string {
  if (!busy || !current) return 'Sync now'
  return activeRun?.status === 'queued' && workers === 0 ? 'Queued' : 'Syncing…'
}

/** Returns the focus to the button after an element that had it was disabled or removed, unless it was moved elsewhere. */
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
