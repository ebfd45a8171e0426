/** Whether the page may look at the agent. Pure. */
import type { Scope, Session } from '../../../src/wire/types.ts'

export type Access =
  /** Nobody knows yet; `failed` when asking found no answer. */
  | { state: 'asking'; failed: boolean }
  /** The agent has no token: there is nothing to log in to. */
  | { state: 'open'; scopes: readonly Scope[] }
  | { state: 'in'; name: string | null; scopes: readonly Scope[] }
  /** A login is needed; `ended` when there was one that ended by itself. */
  | { state: 'out'; ended: boolean }

/** What the agent's answer makes of what was known. An answer that says nothing new returns the same object. */
export function accessAfter(before: Access, { required, loggedIn, name, scopes }: Session): Access {
  const after = nextAccess()
  return JSON.stringify(after) === JSON.stringify(before) ? before : after

  function nextAccess(): Access {
    if (!required) return { state: 'open', scopes }
    if (loggedIn) return { state: 'in', name, scopes }
    return before.state === 'out' ? before : { state: 'out', ended: before.state === 'in' }
  }
}

/** The scopes of the login; none while there is no login. */
export function scopesOf(access: Access): readonly Scope[] {
  return access.state === 'open' || access.state === 'in' ? access.scopes : none
}

const none: readonly Scope[] = []

/** Asking found no answer: whoever was let in goes on, since a broken network ends no session. */
export function accessUnanswered(before: Access): Access {
  return before.state === 'asking' ? { state: 'asking', failed: true } : before
}

/** True while the agent may be asked for anything at all. */
export function isInside({ state }: Access): boolean {
  return state === 'open' || state === 'in'
}
