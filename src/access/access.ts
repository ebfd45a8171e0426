import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type pg from 'pg'
import { type Lifetime, type Loop, startLoop, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { scopes } from '../wire/lists.ts'
import type { Scope } from '../wire/types.ts'
import { AccessCache } from './cache.ts'
import { deleteSession, insertSession, type ValidToken } from './store.ts'

/** How long a session lasts. */
export const sessionSeconds = 12 * 3_600

/** The name under which AUTH_TOKEN acts. No other token may have it. */
export const administrator = 'administrator'

/** The client of a request, and what it may do. `name` is null when no login is needed. */
export type Caller = { name: string | null; scopes: readonly Scope[] }

export type Login = Caller & {
  /** Equal for two requests exactly when both have the same token, or none. */
  id: string
  /** False once the token was revoked or has expired, or the session was ended. */
  valid: () => boolean
}

/**
 * Checks tokens and sessions. This process reads their tables every 2 s, and at once when a notification arrives, so that a
 * token that is revoked anywhere is refused here within 5 s. Only the database decides what has expired, so the clock of
 * this process does not matter.
 */
export type Access = Lifetime & {
  /** Reads the tables now and regularly until a stop. */
  start: () => Promise<void>
  /** Returns true when HTTP requires a token: AUTH_TOKEN is set, or a token was ever created. */
  isTokenRequired: () => boolean
  /** The login of a client that sends nothing, valid while no token is required. */
  anonymous: Login
  /**
   * Returns the login of a token, or null. With `refreshIfUnknown`, the tables are read again before an unknown token is
   * refused.
   */
  authenticateToken: (token: string, options: { refreshIfUnknown: boolean }) => Promise<Login | null>
  /** Returns the login of a session, or null. */
  authenticateSession: (cookie: string) => Promise<Login | null>
  /** Opens a session for the holder of a token. Returns the value of its cookie. */
  logIn: (login: Login) => Promise<string>
  /** Ends a session, in every process. */
  logOut: (cookie: string) => Promise<void>
  /** Reads the tables again. The result includes everything that was committed before the call. */
  refresh: () => Promise<void>
  /** Calls `listener` after each refresh. Returns the function that ends it. */
  onRefresh: (listener: () => void) => () => void
}

const pollMs = 2_000

export function createAccess({ pool, authToken, log }: { pool: pg.Pool; authToken: string | null; log: Log }): Access {
  const cache = new AccessCache(pool, log)
  const isTokenRequired = () => authToken !== null || cache.anyToken()
  let loop: Loop | undefined

  const part: Omit<Access, keyof Lifetime> = {
    start: async () => {
      await cache.refresh()
      loop ??= startLoop({
        pass: () => cache.refresh(),
        everyMs: pollMs,
        onError: (err) => log.debug({ err }, 'tokens and sessions were not read'),
      })
    },
    isTokenRequired,
    anonymous: { id: 'anonymous', name: null, scopes, valid: () => !isTokenRequired() },
    authenticateToken: async (given, { refreshIfUnknown }) => {
      if (authToken !== null && isEqual(given, authToken)) return administratorLogin(() => true)
      const hash = sha256(given).toString('hex')
      await cache.refreshForToken(hash, { ifUnknown: refreshIfUnknown })
      const token = cache.token(hash)
      return token ? tokenLogin(cache, token, () => cache.token(hash) !== undefined) : null
    },
    authenticateSession: async (cookie) => {
      const hash = hashCookie(cookie, authToken)
      await cache.refreshForSession(hash)
      return sessionLogin(cache, hash, authToken)
    },
    logIn: async ({ id }) => {
      const cookie = randomBytes(32).toString('base64url')
      await insertSession(pool, {
        hash: hashCookie(cookie, authToken),
        tokenId: tokenIdOf(id),
        lifetimeSeconds: sessionSeconds,
      })
      return cookie
    },
    logOut: async (cookie) => {
      await deleteSession(pool, hashCookie(cookie, authToken))
      await cache.refresh()
    },
    refresh: () => cache.refresh(),
    onRefresh: (listener) => cache.onRefresh(listener),
  }
  return withLifetime(part, async () => void (await Promise.all([cache.close(), loop?.stop()])))
}

function administratorLogin(valid: () => boolean): Login {
  return { id: administrator, name: administrator, scopes, valid }
}

const tokenPrefix = 'token '

/** Returns the login of a token, and records its use. */
function tokenLogin(cache: AccessCache, { id, name, scopes }: ValidToken, valid: () => boolean): Login {
  cache.markUsed(id)
  return { id: `${tokenPrefix}${id}`, name, scopes, valid }
}

/** Returns the id of the token of a login; null for a login with AUTH_TOKEN. */
function tokenIdOf(loginId: string): string | null {
  return loginId === administrator ? null : loginId.replace(tokenPrefix, '')
}

/** Returns the login of a session; null when the session or its token is not valid. */
function sessionLogin(cache: AccessCache, hash: string, authToken: string | null): Login | null {
  const tokenId = cache.session(hash)
  if (tokenId === undefined) return null
  const isValid = () => cache.session(hash) !== undefined
  // Without AUTH_TOKEN no session is that of the administrator, whatever the table says.
  if (tokenId === null) return authToken === null ? null : administratorLogin(isValid)
  const token = cache.tokenById(tokenId)
  return token ? tokenLogin(cache, token, () => isValid() && cache.tokenById(tokenId) !== undefined) : null
}

/**
 * Returns the hash by which a session is stored. It is bound to AUTH_TOKEN: a new one ends all sessions, and a reader of the
 * table cannot make a cookie.
 */
function hashCookie(cookie: string, authToken: string | null): string {
  return createHmac('sha256', authToken ?? '')
    .update(cookie)
    .digest('hex')
}

/** Compares two texts in a time that does not depend on where they differ. */
function isEqual(one: string, other: string): boolean {
  return timingSafeEqual(sha256(one), sha256(other))
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
