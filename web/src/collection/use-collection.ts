import { useEffect, useState } from 'preact/hooks'
import type { Collection, CollectionGroup } from '../../../src/wire/types.ts'
import { readCollection, readCollectionGroups } from '../data/api.ts'
import { type ApiError, toApiError } from '../data/requests.ts'

/** A state changes with time alone, and readings come without an event. */
const readEveryMs = 30_000

type Now = {
  /** Null until it has been read. */
  collection: Collection | null
  /** Null until they have been read: counting them takes longer. */
  groups: readonly CollectionGroup[] | null
  /** Why the last request failed. */
  error: ApiError | null
}

/** The collection of a Client System, read at once and again every half minute while the page is seen. */
export function useCollection(clientSystemId: string): Now {
  const [now, setNow] = useState<Now>({ collection: null, groups: null, error: null })
  useEffect(() => {
    let left = false
    const show = (part: Partial<Now>) => !left && setNow((before) => ({ ...before, ...part }))
    const read = async () => {
      if (document.hidden) return
      const groups = readCollectionGroups(clientSystemId).then((read) => show({ groups: read }))
      const collection = readCollection(clientSystemId).then((read) => show({ collection: read }))
      const [failed] = (await Promise.allSettled([collection, groups])).filter(({ status }) => status === 'rejected')
      show({ error: failed?.status === 'rejected' ? toApiError(failed.reason) : null })
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
