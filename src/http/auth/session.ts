import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** How long a login lasts. */
export const sessionSeconds = 12 * 3_600

/** Where the session travels: HttpOnly and SameSite=Strict, since EventSource cannot send headers. */
export const sessionCookie = 'meter_sync_session'

/** What a token and a session are checked against. Stateless: every API process takes what another one gave. */
export type Keeper = {
  /** True for the administrator's token; compared over hashes, in constant time. */
  isToken: (given: string) => boolean
  /** A session that ends by itself: its end, and a signature that only the token's holder can make. */
  issue: () => string
  isSession: (given: string) => boolean
}

export function createKeeper(authToken: string, now: () => number = Date.now): Keeper {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  const expected = digest(authToken)
  const sign = (end: string) => createHmac('sha256', authToken).update(`session until ${end}`).digest('base64url')
  return {
    isToken: (given) => timingSafeEqual(digest(given), expected),
    issue: () => {
      const end = String(Math.floor(now() / 1_000) + sessionSeconds)
      return `${end}.${sign(end)}`
    },
    isSession: (given) => {
      const [, end = '', signature = ''] = /^(\d{1,12})\.([\w-]{1,100})$/.exec(given) ?? []
      return timingSafeEqual(digest(signature), digest(sign(end))) && Number(end) * 1_000 > now()
    },
  }
}

/** Counts failures by address: ten in a minute, and the address waits until the minute is over (Fault 26). */
export type Patience = {
  /** Seconds that an address still has to wait, or 0. */
  wait: (address: string) => number
  fail: (address: string) => void
}

const failuresAllowed = 10
const windowMilliseconds = 60_000
const addressesRemembered = 10_000

export function createPatience(now: () => number = Date.now): Patience {
  const failures = new Map<string, { count: number; until: number }>()
  return {
    wait: (address) => {
      const known = failures.get(address)
      if (!known || known.count < failuresAllowed || known.until <= now()) return 0
      return Math.ceil((known.until - now()) / 1_000)
    },
    fail: (address) => {
      const known = failures.get(address)
      if (known && known.until > now()) {
        known.count++
        return
      }
      failures.delete(address)
      failures.set(address, { count: 1, until: now() + windowMilliseconds })
      const [oldest] = failures.keys()
      if (failures.size > addressesRemembered && oldest !== undefined) failures.delete(oldest)
    },
  }
}
