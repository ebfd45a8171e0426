import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { ClientSystemStatus, Preview, Run } from '../../../src/wire/types.ts'
import { previewRun } from '../data/api.ts'
import { type ApiError, toApiError } from '../data/requests.ts'

export type PreviewState =
  | { state: 'reading'; since: number }
  /** `basis` is the last run that had finished when the preview was asked for, `at` the local time of the answer. */
  | { state: 'ready'; preview: Preview; at: number; basis: string | null }
  /** A run is active: both sides are compared once it has ended. */
  | { state: 'waiting' }
  | { state: 'refused'; error: ApiError }

type Options = { status: ClientSystemStatus; tell: (run: Run) => void; onReady: (preview: Preview) => void }

/**
 * Asks what a sync would do now: at once, or when the active run has ended. What was asked is dropped when the caller
 * goes. Give the component the Client System's id as key.
 */
export function usePreview({ status, tell, onReady }: Options) {
  const busy = status.activeRun !== null
  const [now, setNow] = useState<PreviewState>(() =>
    busy ? { state: 'waiting' } : { state: 'reading', since: Date.now() },
  )
  const latest = useRef({ status, tell, onReady })
  latest.current = { status, tell, onReady }
  const asked = useRef<AbortController | null>(null)

  const ask = useCallback(async () => {
    asked.current?.abort()
    const asking = new AbortController()
    asked.current = asking
    const { id, lastRun } = latest.current.status
    setNow({ state: 'reading', since: Date.now() })
    try {
      const preview = await previewRun(id, asking.signal)
      if (asking.signal.aborted) return
      setNow({ state: 'ready', preview, at: Date.now(), basis: lastRun?.id ?? null })
      latest.current.onReady(preview)
    } catch (reason) {
      if (asking.signal.aborted) return
      const error = toApiError(reason)
      const inTheWay = error.status === 409 ? error.run : null
      if (inTheWay !== null) latest.current.tell(inTheWay)
      setNow(inTheWay === null ? { state: 'refused', error } : { state: 'waiting' })
    }
  }, [])

  const waiting = now.state === 'waiting'
  useEffect(() => {
    if (waiting && !busy) void ask()
  }, [waiting, busy, ask])
  useEffect(() => {
    if (latest.current.status.activeRun === null) void ask()
    return () => asked.current?.abort()
  }, [ask])

  return { now, ask: () => void ask() }
}
