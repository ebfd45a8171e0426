import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { Collection, CollectionGroup } from '../../../src/wire/types.ts'
import { readCollection, readCollectionGroups } from '../data/api.ts'
import { type ApiError, toApiError } from '../data/requests.ts'
import { useRepeated } from '../ui/use-repeated.ts'

/** A meter becomes late or silent by time alone, and readings come without an event. */
const readEveryMs = 30_000

type LoadedCollection = {
  /** Null until it has been read. */
  collection: Collection | null
  /** Null until they have been read: counting them takes longer. */
  groups: readonly CollectionGroup[] | null
  /** Why the last request failed. */
  error: ApiError | null
}

/** The collection of a Client System, read at once and again every half minute. Needs the id as the component's key. */
export function useCollection(clientSystemId: string): LoadedCollection & { retry: () => void } {
  const [loaded, setLoaded] = useState<LoadedCollection>({ collection: null, groups: null, error: null })
  const mounted = useRef(true)
  const read = useCallback(async () => {
    const show = (part: Partial<LoadedCollection>) => mounted.current && setLoaded((before) => ({ ...before, ...part }))
    const collection = readCollection(clientSystemId).then((read) => show({ collection: read }))
    const groups = readCollectionGroups(clientSystemId).then((read) => show({ groups: read }))
    const [failed] = (await Promise.allSettled([collection, groups])).filter(({ status }) => status === 'rejected')
    show({ error: failed?.status === 'rejected' ? toApiError(failed.reason) : null })
  }, [clientSystemId])
  useEffect(() => {
    mounted.current = true
    void read()
    return () => {
      mounted.current = false
    }
  }, [read])
  useRepeated(read, readEveryMs)
  return { ...loaded, retry: read }
}
