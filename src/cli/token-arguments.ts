import { administrator } from '../agent.ts'
import { scopes } from '../wire/lists.ts'
import type { Scope } from '../wire/types.ts'

export type TokenCommand =
  | { action: 'create'; tokenName: string; scopes: readonly Scope[]; expiresInSeconds: number | null }
  | { action: 'list'; json: boolean }
  | { action: 'revoke'; tokenName: string }

export type TokenOptions = { scope?: string | undefined; expires?: string | undefined; json: boolean }

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
