import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { ClientSystemStatus, Run } from '../../../src/wire/types.ts'
import { startRun } from '../data/api.ts'
import { type ApiError, toApiError } from '../data/requests.ts'
import { useMissing } from '../login/allowed.ts'
import { Icon } from '../ui/icon.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { CancelSync } from './cancel.tsx'
import { reasonIdOf } from './sync-line.tsx'

type Props = {
  status: ClientSystemStatus
  onRun: (run: Run) => void
  /** Whether the status is known to be true now. Otherwise no sync can be started. */
  current: boolean
  /** Whether the active run has lasted so long that it can be cancelled. */
  isLong: boolean
  /** A button beside it; the button that cancels the active run takes its place. */
  children?: ComponentChildren
}

/**
 * The button that starts a sync. It is disabled while a run of the Client System is active, wherever that was started, and
 * for a login without the scope `operate`. A refusal is shown below it.
 */
export function SyncNow({ status, onRun, current, isLong, children }: Props) {
  const [sending, setSending] = useState(false)
  const [refusal, setRefusal] = useState<ApiError | null>(null)
  const { activeRun } = status
  const busy = sending || activeRun !== null
  const missing = useMissing('operate')
  const mayCancel = activeRun !== null && isLong && current && missing === null
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
          aria-describedby={reasonIdOf(status)}
          onClick={start}
        >
          <Icon name="running" class={busy && current && status.workers !== 0 ? 'turning' : ''} />
          {wordOf(busy, current, status)}
        </button>
        {missing === null && !mayCancel && children}
        {mayCancel && <CancelSync key={activeRun.id} run={activeRun} onRun={onRun} />}
      </div>
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
