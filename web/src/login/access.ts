/** Whether the page may look at the agent. Pure. */
import type { Session } from '../../../src/wire/types.ts'

export type Access =
  /** Nobody knows yet; `failed` when asking found no answer. */
  | { state: 'asking'; failed: boolean }
  /** The agent has no token: there is nothing to log in to. */
  | { state: 'open' }
  | { state: 'in' }
  /** A login is needed; `ended` when there was one that ended by itself. */
  | { state: 'out'; ended: boolean }

/** What the agent's answer makes of what was known. An answer that tells nothing new returns the same object. */
export function accessAfter(before: Access, { required, loggedIn }: Session): Access {
  const state = !required ? 'open' : loggedIn ? 'in' : 'out'
  if (state === before.state) return before
  return state === 'out' ? { state, ended: before.state === 'in' } : { state }
}

/** Asking found no answer: whoever was let in goes on, since a broken network ends no session. */
export function accessUnanswered(before: Access): Access {
  return before.state === 'asking' ? { state: 'asking', failed: true } : before
}

/** True while the agent may be asked for anything at all. */
export function isInside({ state }: Access): boolean {
  return state === 'open' || state === 'in'
}
