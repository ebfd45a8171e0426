import type { Login } from '../../agent.ts'
import { AgentError } from '../../lib/errors.ts'
import { scopes } from '../../wire/lists.ts'
import type { Scope } from '../../wire/types.ts'

/** Throws `forbidden_scope` when the login does not have the scope. */
export function requireScope(login: Pick<Login, 'scopes'>, scope: Scope, purpose = 'for this'): void {
  if (login.scopes.includes(scope)) return
  const hint = `Use a token with the scope ${scope}; this one has ${login.scopes.join(', ')}`
  throw new AgentError('forbidden_scope', `The token needs the scope ${scope} ${purpose}`, { hint })
}

/** Returns the scope in the metadata of a schema; null where there is none. */
export function scopeOf(meta: Record<string, unknown> | undefined): Scope | null {
  return scopes.find((scope) => scope === meta?.['x-scope']) ?? null
}
