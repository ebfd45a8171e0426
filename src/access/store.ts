import type { Queryable } from '../db/connect.ts'
import { notify } from '../db/notices.ts'
import type { Scope } from '../wire/types.ts'

export type NewToken = { name: string; hash: Buffer; scopes: readonly Scope[]; expiresInSeconds: number | null }

export type ListedToken = {
  name: string
  scopes: Scope[]
  createdAt: Date
  expiresAt: Date | null
  expired: boolean
  lastUsedAt: Date | null
}

/** Stores a token and notifies every process. Returns false when a token of this name exists. */
export async function insertToken(db: Queryable, { name, hash, scopes, expiresInSeconds }: NewToken): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into sync.access_token (name, hash, scopes, expires_at)
     values ($1, $2, $3, now() + $4 * interval '1 second')
     on conflict (name) where revoked_at is null do nothing`,
    [name, hash, scopes, expiresInSeconds],
  )
  await notify(db, { type: 'access' })
  return rowCount === 1
}

/** Returns the tokens that were not revoked, by name. */
export async function listTokens(db: Queryable): Promise<ListedToken[]> {
  const { rows } = await db.query<ListedToken>(
    `select name, scopes, created_at as "createdAt", expires_at as "expiresAt", last_used_at as "lastUsedAt",
       coalesce(expires_at <= now(), false) as expired
     from sync.access_token
     where revoked_at is null
     order by name`,
  )
  return rows
}

/** Revokes a token and notifies every process. Returns false when there is no token of this name. */
export async function revokeToken(db: Queryable, name: string): Promise<boolean> {
  const { rowCount } = await db.query(
    'update sync.access_token set revoked_at = now() where name = $1 and revoked_at is null',
    [name],
  )
  await notify(db, { type: 'access' })
  return rowCount === 1
}

export type ValidToken = { id: string; name: string; hash: string; scopes: Scope[] }
export type ValidSession = { hash: string; tokenId: string | null }

export type StoredAccess = {
  /** True when the table has a row, even one that was revoked or has expired. */
  anyToken: boolean
  tokens: ValidToken[]
  sessions: ValidSession[]
}

/** Returns the valid tokens, and those of the sessions that are still valid. Hashes are hexadecimal. */
export async function readAccess(db: Queryable, sessionHashes: readonly string[]): Promise<StoredAccess> {
  const { rows } = await db.query<ValidToken & { valid: boolean }>(
    `select id::text, name, encode(hash, 'hex') as hash, scopes,
       revoked_at is null and (expires_at is null or expires_at > now()) as valid
     from sync.access_token`,
  )
  return {
    anyToken: rows.length > 0,
    tokens: rows.filter(({ valid }) => valid),
    sessions: sessionHashes.length === 0 ? [] : await readSessions(db, sessionHashes),
  }
}

/** Returns those of these sessions that are valid. */
async function readSessions(db: Queryable, hashes: readonly string[]): Promise<ValidSession[]> {
  const { rows } = await db.query<ValidSession>(
    `select encode(hash, 'hex') as hash, token_id::text as "tokenId"
     from sync.login_session
     where hash in (select decode(h, 'hex') from unnest($1::text[]) h) and expires_at > now()`,
    [hashes],
  )
  return rows
}

/** Records that these tokens were used, to the minute. */
export async function recordUse(db: Queryable, ids: readonly string[]): Promise<void> {
  await db.query(
    `update sync.access_token set last_used_at = now()
     where id = any($1::bigint[]) and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
    [ids],
  )
}

/** The maximum number of sessions of a token, which bounds the table when a client logs in all the time. */
const maxSessions = 100

/** Stores a session, and deletes those that have expired and the oldest beyond the maximum of its token. */
export async function insertSession(
  db: Queryable,
  { hash, tokenId, lifetimeSeconds }: { hash: string; tokenId: string | null; lifetimeSeconds: number },
): Promise<void> {
  await db.query(
    `insert into sync.login_session (hash, token_id, expires_at)
     values (decode($1, 'hex'), $2, now() + $3 * interval '1 second')`,
    [hash, tokenId, lifetimeSeconds],
  )
  await db.query(
    `delete from sync.login_session
     where expires_at <= now() or hash in (
       select hash from sync.login_session
       where token_id is not distinct from $1::bigint
       order by created_at desc
       offset $2)`,
    [tokenId, maxSessions],
  )
}

/** Ends a session and notifies every process. */
export async function deleteSession(db: Queryable, hash: string): Promise<void> {
  await db.query(`delete from sync.login_session where hash = decode($1, 'hex')`, [hash])
  await notify(db, { type: 'access' })
}
