import { useEffect, useState } from 'preact/hooks'
import type { Collection, CollectionGroup } from '../../../src/wire/types.ts'
import { readCollection, readCollectionGroups } from '../data/api.ts'
import { type ApiError, toApiError } from '../data/requests.ts'

/** A state changes with time alone, and readings come without an event. */
const readEveryMs = 30_000

type Now = { collection: Collection | null; groups: readonly CollectionGroup[]; error: ApiError | null }

/** The collection of a Client System, read at once and again every half minute while the page is seen. */
export function useCollection(clientSystemId: string): Now {
  const [now, setNow] = useState<Now>({ collection: null, groups: [], error: null })
  useEffect(() => {
    let left = false
    const read = async () => {
      if (document.hidden) return
      try {
        const [collection, groups] = await Promise.all([
          readCollection(clientSystemId),
          readCollectionGroups(clientSystemId),
        ])
        if (!left) setNow({ collection, groups, error: null })
      } catch (reason) {
        if (!left) setNow((before) => ({ ...before, error: toApiError(reason) }))
      }
    }
    void read()
    const timer = setInterval(read, readEveryMs)
    document.addEventListener('visibilitychange', read)
    return () => {
      left = true
      clearInterval(timer)
      document.removeEventListener('visibilitychange', read)
    }
  }, [clientSystemId])
  return now
}
