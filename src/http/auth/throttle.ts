/** Counts wrong tokens by address. After ten in a minute, the address must wait until the minute is over (F26). */
export type LoginThrottle = {
  /** Returns the seconds that an address still has to wait, or 0. */
  wait: (address: string) => number
  /** Counts a wrong token. */
  fail: (address: string) => void
}

const maxFailures = 10
const windowMs = 60_000
const maxAddresses = 10_000

export function createLoginThrottle(now: () => number = Date.now): LoginThrottle {
  const failures = new Map<string, { count: number; until: number }>()
  return {
    wait: (address) => {
      const known = failures.get(address)
      if (!known || known.count < maxFailures || known.until <= now()) return 0
      return Math.ceil((known.until - now()) / 1_000)
    },
    fail: (address) => {
      const known = failures.get(address)
      if (known && known.until > now()) {
        known.count++
        return
      }
      failures.delete(address)
      failures.set(address, { count: 1, until: now() + windowMs })
      const [oldest] = failures.keys()
      if (failures.size > maxAddresses && oldest !== undefined) failures.delete(oldest)
    },
  }
}
