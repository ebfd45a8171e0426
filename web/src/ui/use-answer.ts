import { useEffect, useState } from 'preact/hooks'
import { type ApiError, toApiError } from '../data/requests.ts'

/** An answer of the agent: both are null while it is being loaded. */
export type Answer<T> = { answer: T | null; error: ApiError | null; retry: () => void }

/** Loads an answer once, and again when `retry` is called. */
export function useAnswer<T>(load: () => Promise<T>): Answer<T> {
  const [answer, setAnswer] = useState<T | null>(null)
  const [error, setError] = useState<ApiError | null>(null)
  const retry = () => {
    setError(null)
    load().then(setAnswer, (reason) => setError(toApiError(reason)))
  }
  useEffect(retry, [])
  return { answer, error, retry }
}
