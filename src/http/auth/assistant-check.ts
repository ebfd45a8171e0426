import { type Access, administrator, type Login } from '../../agent.ts'
import { AgentError } from '../../lib/errors.ts'
import type { Log } from '../../lib/log.ts'

/**
 * Returns a function that throws `forbidden_scope` for an assistant whose token has the scope `approve`, because that token
 * could approve deletions by another route. AUTH_TOKEN stays usable, and the log warns once of it.
 */
export function createAssistantCheck(access: Access, log: Log): (login: Login) => void {
  let warned = false
  return ({ id, scopes }) => {
    if (id === administrator && !warned) {
      warned = true
      log.warn('an assistant uses AUTH_TOKEN, which may also approve deletions; give it a token of its own')
    }
    if (id === administrator || id === access.anonymous.id || !scopes.includes('approve')) return
    const hint = 'Give the assistant a token of its own: token create NAME --scope read,operate'
    const message =
      'A token with the scope approve is for a person; an assistant needs one without it, with the scope read'
    throw new AgentError('forbidden_scope', message, { hint })
  }
}
