import { useEffect, useState } from 'preact/hooks'

/** Returns true once `value` has been the same, and not null, for this time, so that what is shorter changes nothing. */
export function useStays(value: string | null, milliseconds: number): boolean {
  const [stayed, setStayed] = useState<string | null>(null)
  useEffect(() => {
    if (value === null) return
    const timer = setTimeout(() => setStayed(value), milliseconds)
    return () => clearTimeout(timer)
  }, [value, milliseconds])
  return value !== null && stayed === value
}
