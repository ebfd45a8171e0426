import { useEffect, useState } from 'preact/hooks'
import type { ReadingGap } from '../../../src/wire/types.ts'
import { type ReadingsOfTime, readGaps, readReadings } from '../data/api.ts'
import { type ApiError, toApiError } from '../data/requests.ts'
import type { Period } from './period.ts'

/** What was read of a period; it stays on screen until the next one is here. */
export type ShownReadings = ReadingsOfTime & { period: Period; gaps: readonly ReadingGap[]; readAt: number }

export type Readings = {
  shown: ShownReadings | null
  error: ApiError | null
  loading: boolean
  read(): void
}

/** The readings of a meter in a period, with its gaps; read again each time `version` is another number. */
export function useReadings(meterId: number, period: Period, version: number): Readings {
  const [shown, setShown] = useState<ShownReadings | null>(null)
  const [error, setError] = useState<ApiError | null>(null)
  const [attempt, setAttempt] = useState(0)
  useEffect(() => {
    let left = false
    setError(null)
    Promise.all([readReadings(meterId, timeOf(period)), readGaps(meterId, timeOf(period))]).then(
      ([readings, gaps]) => !left && setShown({ ...readings, period, gaps, readAt: Date.now() }),
      (reason) => !left && setError(toApiError(reason)),
    )
    return () => {
      left = true
    }
  }, [meterId, period, version, attempt])
  return { shown, error, loading: error === null && shown?.period !== period, read: () => setAttempt(attempt + 1) }
}

/** The time of a period as the API takes it. */
export function timeOf({ from, to }: Pick<Period, 'from' | 'to'>): { from: string; to: string } {
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
}
