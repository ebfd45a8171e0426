import { useEffect, useRef, useState } from 'preact/hooks'
import type { ClientSystemStatus, Run } from '../../src/events.ts'
import { ApiError, startRun } from './api.ts'
import { useNow } from './clock.tsx'
import { formatAge, formatCountdown, formatExact } from './format.ts'
import { Icon } from './icon.tsx'
import { startedBy } from './words.ts'

/**
 * The button that asks for a sync, and when the next one comes by itself. Disabled while a run of the Client System is
 * active, wherever it was started. A run that is active already is joined; any other refusal is shown beside the button.
 */
export function SyncNow({ status, tell }: { status: ClientSystemStatus; tell: (run: Run) => void }) {
  const [asking, setAsking] = useState(false)
  const [refusal, setRefusal] = useState<ApiError | null>(null)
  const { activeRun } = status
  const busy = asking || activeRun !== null
  const reasonId = `sync-now-reason-${status.id}`

  const button = useFocusKept(busy)
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
      setRefusal(error instanceof ApiError ? error : new ApiError(String(error)))
    } finally {
      setAsking(false)
    }
  }

  return (
    <div class="trigger">
      <button
        ref={button}
        type="button"
        class="button"
        disabled={busy}
        aria-busy={busy}
        aria-describedby={reasonId}
        onClick={ask}
      >
        <Icon name="running" class={busy ? 'turning' : ''} />
        {busy ? 'Syncing…' : 'Sync now'}
      </button>
      <p class="trigger-reason" id={reasonId}>
        {activeRun === null ? (
          <NextRun schedule={status.schedule} />
        ) : (
          <>A sync started {startedBy(activeRun)} is active</>
        )}
      </p>
      {refusal !== null && (
        <div class="trigger-refusal" role="alert">
          <p>
            <strong>The sync could not be started.</strong> {refusal.message}
          </p>
          {refusal.hint !== null && <p>{refusal.hint}</p>}
        </div>
      )}
    </div>
  )
}

/** A button that is disabled loses the focus: whoever had it there gets it back, unless they went elsewhere. */
function useFocusKept(busy: boolean) {
  const button = useRef<HTMLButtonElement>(null)
  const held = useRef(false)
  // While rendering, the button is still as it was before.
  if (busy && document.activeElement === button.current && button.current !== null) held.current = true
  useEffect(() => {
    if (busy || !held.current) return
    held.current = false
    if (document.activeElement === document.body) button.current?.focus({ preventScroll: true })
  }, [busy])
  return button
}

function NextRun({ schedule }: { schedule: ClientSystemStatus['schedule'] }) {
  const now = useNow()
  if (schedule.nextRunAt === null) return <>No sync is scheduled</>
  const left = Date.parse(schedule.nextRunAt) - now
  const overdue = left < -15_000
  return (
    <>
      {overdue ? 'The next sync was due ' : 'Next sync '}
      <time
        dateTime={schedule.nextRunAt}
        title={`${formatExact(schedule.nextRunAt)}, schedule ${schedule.cron} (${schedule.timeZone})`}
      >
        {overdue ? formatAge(-left) : formatCountdown(left)}
      </time>
    </>
  )
}
