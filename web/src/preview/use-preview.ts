import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { ClientSystemStatus, Preview, Run } from '../../../src/wire/types.ts'
import { previewRun } from '../data/api.ts'
import { type ApiError, toApiError } from '../data/requests.ts'

export type PreviewState =
  | { state: 'reading'; since: number }
  /** `basis` is the last run that had finished when the preview was requested, `at` the local time of the answer. */
  | { state: 'ready'; preview: Preview; at: number; basis: string | null }
  /** A run is active: both sides are compared once it has ended. */
  | { state: 'waiting' }
  | { state: 'refused'; error: ApiError }

type Options = { status: ClientSystemStatus; onRun: (run: Run) => void; onReady: (preview: Preview) => void }

/**
 * Requests what a sync would do now: at once, or when the active run has ended. The request ends with the component, which
 * needs the id of the Client System as its key.
 */
export function usePreview({ status, onRun, onReady }: Options) {
  const busy = status.activeRun !== null
  const [result, setResult] = useState<PreviewState>(() =>
    busy ? { state: 'waiting' } : { state: 'reading', since: Date.now() },
  )
  const latest = useRef({ status, onRun, onReady })
  latest.current = { status, onRun, onReady }
  const request = useRef<AbortController | null>(null)

  const preview = useCallback(async () => {
    request.current?.abort()
    const controller = new AbortController()
    request.current = controller
    const { id, lastRun } = latest.current.status
    setResult({ state: 'reading', since: Date.now() })
    try {
      const previewed = await previewRun(id, controller.signal)
      if (controller.signal.aborted) return
      setResult({ state: 'ready', preview: previewed, at: Date.now(), basis: lastRun?.id ?? null })
      latest.current.onReady(previewed)
    } catch (reason) {
      if (controller.signal.aborted) return
      const error = toApiError(reason)
      const active = error.status === 409 ? error.run : null
      if (active !== null) latest.current.onRun(active)
      setResult(active === null ? { state: 'refused', error } : { state: 'waiting' })
    }
  }, [])

  const waiting = result.state === 'waiting'
  useEffect(() => {
    if (waiting && !busy) void preview()
  }, [waiting, busy, preview])
  useEffect(() => {
    if (latest.current.status.activeRun === null) void preview()
    return () => request.current?.abort()
  }, [preview])

  return { result, preview: () => void preview() }
}
