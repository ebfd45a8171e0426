import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type pg from 'pg'
import { type Lifetime, type Loop, startLoop, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { scopes } from '../wire/lists.ts'
import type { Scope } from '../wire/types.ts'
import { deleteSession, insertSession, readAccess, recordUse, type ValidToken } from './store.ts'

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
 * Checks tokens and sessions. The tables are the truth: this process reads them every 2 s, and at once when a
 * notification says that they changed, so that a token that is revoked anywhere is refused here within 5 s. Nothing
 * here compares clocks: the database says what has expired.
 */
export type Access = Lifetime & {
  /** Reads the tables now and regularly until a stop. */
  start: () => Promise<void>
  /** Whether HTTP requires a token: AUTH_TOKEN is set, or a token was ever created. */
  required: () => boolean
  /** The login of a client that sends nothing, valid while no token is required. */
  anonymous: Login
  /** Returns null for a token that is not valid. With `lookAgain`, the table is read before that is said. */
  byToken: (token: string, options: { lookAgain: boolean }) => Promise<Login | null>
  bySession: (cookie: string) => Promise<Login | null>
  /** Opens a session for the holder of a token. Returns the value of its cookie. */
  logIn: (login: Login) => Promise<string>
  /** Ends a session, in every process. */
  logOut: (cookie: string) => Promise<void>
  /** Reads the tables anew. What was committed before the call has been seen when this resolves. */
  refresh: () => Promise<void>
  /** Calls `listener` after each reading of the tables. Returns the function that ends it. */
  onRefresh: (listener: () => void) => () => void
}

const pollMs = 2_000
/** What was read is not relied on for longer: without the Sync database no token of it is let in. */
const maxAgeMs = 4_000

const hexDigest = (text: string) => createHash('sha256').update(text).digest('hex')

export function createAccess({ pool, authToken, log }: { pool: pg.Pool; authToken: string | null; log: Log }): Access {
  const listeners = new Set<() => void>()
  /** By hash, by id, and the sessions of this process by hash with the id of their token. */
  let tokens = new Map<string, ValidToken>()
  let tokensById = new Map<string, ValidToken>()
  let sessions = new Map<string, string | null>()
  let anyToken = true
  let readAt = Number.NEGATIVE_INFINITY
  let loop: Loop | undefined
  let reading: Promise<void> = Promise.resolve()
  let next: Promise<void> | undefined
  const used = new Set<string>()
  const wanted = new Set<string>()
  const expected = authToken === null ? null : createHash('sha256').update(authToken).digest()

  async function read(): Promise<void> {
    const asked = [...new Set([...sessions.keys(), ...wanted])]
    wanted.clear()
    const began = performance.now()
    const stored = await readAccess(pool, asked)
    anyToken = stored.anyToken
    tokens = new Map(stored.tokens.map((token) => [token.hash, token]))
    tokensById = new Map(stored.tokens.map((token) => [token.id, token]))
    sessions = new Map(stored.sessions.map(({ hash, tokenId }) => [hash, tokenId]))
    readAt = began
    const ids = [...used]
    used.clear()
    if (ids.length > 0)
      await recordUse(pool, ids).catch((err) => log.warn({ err }, 'the use of a token was not recorded'))
    for (const listener of listeners) listener()
  }

  function refresh(): Promise<void> {
    // One that has begun may have read before the change that the caller wants to see.
    next ??= reading.then(() => {
      next = undefined
      const begun = read()
      reading = begun.catch(() => undefined)
      return begun
    })
    return next
  }

  async function refreshIfOld(): Promise<void> {
    if (performance.now() - readAt > maxAgeMs) await refresh()
  }

  const logUnread = (err: unknown) => log.debug({ err }, 'tokens and sessions were not read')

  const required = () => authToken !== null || anyToken

  const administratorLogin = (valid: () => boolean): Login => ({
    id: administrator,
    name: administrator,
    scopes,
    valid,
  })

  function tokenLogin({ id, name, scopes }: ValidToken, valid: () => boolean): Login {
    used.add(id)
    return { id: `token ${id}`, name, scopes, valid }
  }

  /** Bound to AUTH_TOKEN: a new one ends all sessions, and a reader of the table cannot make a cookie. */
  const hashOf = (cookie: string) =>
    createHmac('sha256', authToken ?? '')
      .update(cookie)
      .digest('hex')

  function sessionLogin(hash: string): Login | null {
    const tokenId = sessions.get(hash)
    if (tokenId === undefined) return null
    if (tokenId === null) return expected && administratorLogin(() => sessions.has(hash))
    const token = tokensById.get(tokenId)
    return token ? tokenLogin(token, () => sessions.has(hash) && tokensById.has(tokenId)) : null
  }

  const part: Omit<Access, keyof Lifetime> = {
    start: async () => {
      await refresh()
      loop ??= startLoop({ pass: refresh, everyMs: pollMs, onError: logUnread })
    },
    required,
    anonymous: { id: 'anonymous', name: null, scopes, valid: () => !required() },
    byToken: async (given, { lookAgain }) => {
      if (expected && timingSafeEqual(createHash('sha256').update(given).digest(), expected))
        return administratorLogin(() => true)
      const hash = hexDigest(given)
      await refreshIfOld()
      if (lookAgain && !tokens.has(hash)) await refresh()
      const token = tokens.get(hash)
      return token ? tokenLogin(token, () => tokens.has(hash)) : null
    },
    bySession: async (cookie) => {
      const hash = hashOf(cookie)
      await refreshIfOld()
      if (!sessions.has(hash)) {
        wanted.add(hash)
        await refresh()
      }
      return sessionLogin(hash)
    },
    logIn: async ({ id }) => {
      const cookie = randomBytes(32).toString('base64url')
      const tokenId = id === administrator ? null : id.replace('token ', '')
      await insertSession(pool, { hash: hashOf(cookie), tokenId, seconds: sessionSeconds })
      return cookie
    },
    logOut: async (cookie) => {
      await deleteSession(pool, hashOf(cookie))
      await refresh()
    },
    refresh,
    onRefresh: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
  return withLifetime(part, async () => {
    listeners.clear()
    await loop?.stop()
    await reading
  })
}
