import type pg from 'pg'
import type { Log } from '../lib/log.ts'
import { readAccess, recordUse, type ValidToken } from './store.ts'

/** What was read is used for this long at most: without the Sync database, no token of it stays valid for longer. */
const maxAgeMs = 4_000

/** The valid tokens, and the valid sessions that clients of this process have, as the tables had them at the last refresh. */
export class AccessCache {
  readonly #pool: pg.Pool
  readonly #log: Log
  #tokens = new Map<string, ValidToken>()
  #tokensById = new Map<string, ValidToken>()
  /** The id of its token by the hash of a session; null for a session of AUTH_TOKEN. */
  #sessions = new Map<string, string | null>()
  #anyToken = true
  #readAtMs = Number.NEGATIVE_INFINITY
  /** The refresh that began last, and the one that begins after it. */
  #current: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined
  /** Sessions to read at the next refresh, beside those that are known. */
  readonly #requestedSessions = new Set<string>()
  /** Tokens whose use is recorded at the next refresh. */
  readonly #usedTokens = new Set<string>()
  readonly #listeners = new Set<() => void>()

  constructor(pool: pg.Pool, log: Log) {
    this.#pool = pool
    this.#log = log
  }

  /** Whether a token was ever created. True until the tables were read. */
  anyToken(): boolean {
    return this.#anyToken
  }

  /** Returns a token by its hash, without reading the tables. */
  token(hash: string): ValidToken | undefined {
    return this.#tokens.get(hash)
  }

  /** Returns a token by its id, without reading the tables. */
  tokenById(id: string): ValidToken | undefined {
    return this.#tokensById.get(id)
  }

  /** Returns the id of the token of a session, without reading the tables; undefined when the session is not valid. */
  session(hash: string): string | null | undefined {
    return this.#sessions.get(hash)
  }

  /** Refreshes when the last refresh is too old, and with `ifUnknown` also when no token has this hash. */
  async refreshForToken(hash: string, { ifUnknown }: { ifUnknown: boolean }): Promise<void> {
    await this.#refreshIfOld()
    if (ifUnknown && !this.#tokens.has(hash)) await this.refresh()
  }

  /** Refreshes when the last refresh is too old, or did not read this session. */
  async refreshForSession(hash: string): Promise<void> {
    await this.#refreshIfOld()
    if (this.#sessions.has(hash)) return
    this.#requestedSessions.add(hash)
    await this.refresh()
  }

  /** Records at the next refresh that a token was used. */
  markUsed(tokenId: string): void {
    this.#usedTokens.add(tokenId)
  }

  /** Calls `listener` after each refresh. Returns the function that ends it. */
  onRefresh(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Removes the listeners, and waits for the refresh that is running. */
  async close(): Promise<void> {
    this.#listeners.clear()
    await this.#current
  }

  /** Reads the tables. What was committed before the call is seen; calls at the same time share a read. */
  refresh(): Promise<void> {
    // One that has begun may have read before the change that the caller wants to see.
    this.#next ??= this.#current.then(() => {
      this.#next = undefined
      const begun = this.#read()
      this.#current = begun.catch(() => undefined)
      return begun
    })
    return this.#next
  }

  async #refreshIfOld(): Promise<void> {
    if (performance.now() - this.#readAtMs > maxAgeMs) await this.refresh()
  }

  async #read(): Promise<void> {
    const hashes = [...new Set([...this.#sessions.keys(), ...this.#requestedSessions])]
    this.#requestedSessions.clear()
    const beganMs = performance.now()
    const { anyToken, tokens, sessions } = await readAccess(this.#pool, hashes)
    this.#anyToken = anyToken
    this.#tokens = new Map(tokens.map((token) => [token.hash, token]))
    this.#tokensById = new Map(tokens.map((token) => [token.id, token]))
    this.#sessions = new Map(sessions.map(({ hash, tokenId }) => [hash, tokenId]))
    this.#readAtMs = beganMs
    await this.#recordUses()
    for (const listener of this.#listeners) listener()
  }

  async #recordUses(): Promise<void> {
    const ids = [...this.#usedTokens]
    this.#usedTokens.clear()
    if (ids.length === 0) return
    await recordUse(this.#pool, ids).catch((err) => this.#log.warn({ err }, 'the use of a token was not recorded'))
  }
}
