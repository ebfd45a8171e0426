import { useEffect, useState } from 'preact/hooks'

/** True once `value` has stayed the same, and not null, for so long: what is over sooner moves nothing on the page. */
export function useStays(value: string | null, milliseconds: number): boolean {
  const [stayed, setStayed] = useState<string | null>(null)
  useEffect(() => {
    if (value === null) return
    const timer = setTimeout(() => setStayed(value), milliseconds)
    return () => clearTimeout(timer)
  }, [value, milliseconds])
  return value !== null && stayed === value
}
