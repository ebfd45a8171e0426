import { createHash, randomBytes } from 'node:crypto'
import type pg from 'pg'
import { insertToken, type ListedToken, listTokens, revokeToken } from '../access/store.ts'
import { administrator } from '../agent.ts'
import { transaction } from '../db/transaction.ts'
import { AgentError } from '../lib/errors.ts'
import { scopes } from '../wire/lists.ts'
import type { Scope } from '../wire/types.ts'
import { print, printError, printJson } from './output.ts'

export type TokenCommand =
  | { action: 'create'; tokenName: string; scopes: readonly Scope[]; expiresInSeconds: number | null }
  | { action: 'list'; json: boolean }
  | { action: 'revoke'; tokenName: string }

export type TokenOptions = { scope?: string | undefined; expires?: string | undefined; json: boolean }

/** The prefix of every token. Programs that search for leaked secrets recognise a token by it. */
const prefix = 'msa_'

const namePattern = /^[\p{L}\p{N}](?:[\p{L}\p{N} ._@-]{0,61}[\p{L}\p{N}._@-])?$/u

/** Parses the arguments of the command token. Throws an Error that names the invalid argument. */
export function parseTokenCommand([action, ...names]: string[], { scope, expires, json }: TokenOptions): TokenCommand {
  const [tokenName, ...rest] = names
  if (action !== 'create' && (scope !== undefined || expires !== undefined))
    throw new Error('--scope and --expires are options of token create only')
  if (action !== 'list' && json) throw new Error('--json is an option of token list only')
  if (action === 'list' && tokenName === undefined) return { action, json }
  if ((action !== 'create' && action !== 'revoke') || tokenName === undefined || rest.length > 0)
    throw new Error('token: expected token create NAME --scope SCOPES, token list, or token revoke NAME')
  if (action === 'revoke') return { action, tokenName }
  if (!namePattern.test(tokenName) || tokenName.toLowerCase() === administrator)
    throw new Error(
      `token create: expected a name of 1 to 63 letters, digits, spaces and . _ @ - other than ${administrator}`,
    )
  return { action, tokenName, scopes: parseScopes(scope), expiresInSeconds: parseExpiry(expires) }
}

function parseScopes(text: string | undefined): Scope[] {
  const given = (text ?? '').split(',').map((part) => part.trim())
  const unknown = given.filter((part) => !scopes.some((scope) => scope === part))
  if (unknown.length > 0) throw new Error(`--scope: expected one or more of ${scopes.join(',')}`)
  return scopes.filter((scope) => given.includes(scope))
}

const unitSeconds: Record<string, number> = { h: 3_600, d: 86_400, w: 604_800 }

function parseExpiry(text: string | undefined): number | null {
  if (text === undefined) return null
  const [, count = '', unit = ''] = /^([1-9]\d{0,3})([hdw])$/.exec(text) ?? []
  const seconds = Number(count) * (unitSeconds[unit] ?? 0)
  if (seconds > 0) return seconds
  throw new Error('--expires: expected a number of hours, days or weeks, like 12h, 90d or 52w')
}

/** Creates, lists or revokes tokens in the Sync database. Running agents are notified and apply the change at once. */
export async function runTokenCommand(pool: pg.Pool, command: TokenCommand): Promise<void> {
  switch (command.action) {
    case 'create':
      return await create(pool, command)
    case 'list':
      return showTokens(await listTokens(pool), command.json)
    case 'revoke':
      return await revoke(pool, command.tokenName)
  }
}

async function create(
  pool: pg.Pool,
  { tokenName, scopes, expiresInSeconds }: Extract<TokenCommand, { action: 'create' }>,
): Promise<void> {
  const token = `${prefix}${randomBytes(32).toString('base64url')}`
  const hash = createHash('sha256').update(token).digest()
  const created = await transaction(pool, (client) =>
    insertToken(client, { name: tokenName, hash, scopes, expiresInSeconds }),
  )
  if (!created) {
    const hint = `Revoke it first: token revoke ${JSON.stringify(tokenName)}`
    throw new AgentError('bad_request', `A token named ${tokenName} already exists`, { hint })
  }
  printError('Store this token now: it is not saved and cannot be shown again')
  print(token)
}

async function revoke(pool: pg.Pool, tokenName: string): Promise<void> {
  const revoked = await transaction(pool, (client) => revokeToken(client, tokenName))
  if (!revoked) {
    throw new AgentError('not_found', `There is no token named ${tokenName}`, {
      hint: 'List the tokens with token list',
    })
  }
  print(`The token ${tokenName} is revoked; every agent refuses it within 5 s`)
}

function showTokens(tokens: ListedToken[], json: boolean): void {
  if (json) printJson({ tokens })
  else if (tokens.length === 0) print('There are no tokens')
  else showTable(tokens)
}

function showTable(tokens: ListedToken[]): void {
  const rows = tokens.map(({ name, scopes, createdAt, expiresAt, expired, lastUsedAt }) => [
    name,
    scopes.join(','),
    formatTime(createdAt),
    expired ? `${formatTime(expiresAt)} (expired)` : formatTime(expiresAt),
    formatTime(lastUsedAt),
  ])
  const lines = [['NAME', 'SCOPES', 'CREATED', 'EXPIRES', 'LAST USED'], ...rows]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  for (const line of lines) print(line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
}

/** Formats a time in UTC to the minute; "never" for null. */
function formatTime(at: Date | null): string {
  return at === null ? 'never' : `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
