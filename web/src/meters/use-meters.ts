import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Meter } from '../../../src/wire/types.ts'
import { type MeterPage, readMeters } from '../data/api.ts'
import type { Pages } from '../data/pages.ts'
import { type ApiError, toApiError } from '../data/requests.ts'
import type { MeterFilter } from '../routing/route.ts'
import { storedPlace, storePlace } from './place.ts'

export type Meters = {
  /** The list that was read last, also while another one is being read; null until the first one has been read. */
  list: MeterPage | null
  pages: Pages<Meter>
  /** Whether the scroll position of an earlier visit is about to be restored. */
  restoring: boolean
  /** Grows with each list that is read from its beginning. */
  version: number
  /** Reads the list again. */
  readAgain(): void
}

type Read = MeterPage & { key: string; version: number }

/** The maximum number of meters that are read again when the position is restored. */
const maxRestored = 500

/** Reads the meters that match a filter. The previous list stays on screen until the next one has been read. */
export function useMeters(filter: MeterFilter, meterId: string | null): Meters {
  const key = JSON.stringify(filter)
  const [list, setList] = useState<Read | null>(null)
  const [error, setError] = useState<ApiError | null>(null)
  const [loading, setLoading] = useState(true)
  const [attempt, setAttempt] = useState(0)
  /** The number of the latest request. An answer to an earlier one is ignored. */
  const latest = useRef(0)
  const wantedTop = useRef<number | null>(null)

  const read = async (after: string | null, before: readonly Meter[], count: number) => {
    latest.current += 1
    const ownNumber = latest.current
    setLoading(true)
    setError(null)
    try {
      const found = await readUpTo(filter, after, before, count)
      if (ownNumber !== latest.current) return
      const from = after === null || list === null ? { ...found, version: ownNumber } : list
      setList({ ...found, total: from.total, totalIsExact: from.totalIsExact, version: from.version, key })
    } catch (reason) {
      if (ownNumber !== latest.current) return
      setError(toApiError(reason))
      if (after === null) setList({ items: [], next: null, total: null, totalIsExact: false, version: ownNumber, key })
    }
    setLoading(false)
  }

  useEffect(() => {
    const stored = storedPlace(key)
    wantedTop.current = stored?.top ?? null
    void read(null, [], Math.min(stored?.count ?? 0, maxRestored))
  }, [key, attempt])
  useEffect(() => {
    return () => {
      latest.current = -1
    }
  }, [])
  useLayoutEffect(() => {
    if (list?.key !== key || wantedTop.current === null) return
    scrollTo(0, wantedTop.current)
    wantedTop.current = null
  }, [list, key])
  useStoredPlace(list?.key === key ? list : null, meterId)

  const state = error !== null ? 'failed' : loading ? 'loading' : 'ready'
  const readNext = () => void read(list?.next ?? null, list?.items ?? [], 0)
  const pages = {
    items: list?.items ?? [],
    state,
    error,
    hasMore: (list?.next ?? null) !== null,
    read: readNext,
  } as const
  return {
    list,
    pages,
    restoring: wantedTop.current !== null,
    version: list?.version ?? 0,
    readAgain: () => setAttempt(attempt + 1),
  }
}

async function readUpTo(
  filter: MeterFilter,
  after: string | null,
  before: readonly Meter[],
  count: number,
): Promise<MeterPage> {
  const first = await readMeters(filter, after)
  const items = [...before, ...first.items]
  let { next } = first
  while (items.length < count && next !== null) {
    const page = await readMeters(filter, next)
    items.push(...page.items)
    next = page.next
  }
  return { ...first, items, next }
}

/** Stores the position in every history entry that shows the list. */
function useStoredPlace(list: Read | null, meterId: string | null): void {
  useEffect(() => {
    if (list === null) return
    const store = () => storePlace({ key: list.key, count: list.items.length, top: scrollY })
    store()
    // The position must be stored before a click leaves the view, and after each scroll.
    addEventListener('scrollend', store)
    addEventListener('click', store, true)
    return () => {
      removeEventListener('scrollend', store)
      removeEventListener('click', store, true)
    }
  }, [list, meterId])
}
