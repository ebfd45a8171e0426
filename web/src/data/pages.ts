import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { Page } from './api.ts'
import { type ApiError, toApiError } from './requests.ts'

export type Pages<T> = {
  items: readonly T[]
  state: 'loading' | 'ready' | 'failed'
  error: ApiError | null
  /** True when there is a page after these. */
  hasMore: boolean
  /** Reads the next page, or the one that failed again. */
  read(): void
}

/** Reads a list page by page, the first at once. `readPage` must always read the same list: otherwise give the component a key. */
export function usePages<T>(readPage: (after: string | null) => Promise<Page<T>>): Pages<T> {
  const [items, setItems] = useState<readonly T[]>([])
  const [next, setNext] = useState<string | null>(null)
  const [state, setState] = useState<Pages<T>['state']>('loading')
  const [error, setError] = useState<ApiError | null>(null)
  const mounted = useRef(true)
  const reader = useRef(readPage)

  const readFrom = useCallback(async (after: string | null) => {
    setState('loading')
    try {
      const page = await reader.current(after)
      if (!mounted.current) return
      setItems((before) => (after === null ? page.items : [...before, ...page.items]))
      setNext(page.next)
      setState('ready')
    } catch (reason) {
      if (!mounted.current) return
      setError(toApiError(reason))
      setState('failed')
    }
  }, [])

  useEffect(() => {
    mounted.current = true
    void readFrom(null)
    return () => {
      mounted.current = false
    }
  }, [readFrom])

  return { items, state, error, hasMore: next !== null, read: () => void readFrom(next) }
}
