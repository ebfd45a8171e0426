import { useEffect, useState } from 'preact/hooks'
import type { Run } from '../../../src/wire/types.ts'

/** A sync that is over sooner changes neither headline nor buttons: they would only flash. */
const shortMs = 500

/** Returns true once the page has known the active run for half a second. */
export function useIsLongRun(activeRun: Run | null): boolean {
  const [longId, setLongId] = useState<string | null>(null)
  const id = activeRun?.id ?? null
  useEffect(() => {
    if (id === null) return
    const timer = setTimeout(() => setLongId(id), shortMs)
    return () => clearTimeout(timer)
  }, [id])
  return id !== null && longId === id
}
