/** Whether this browser may read from the agent. Pure. */
import type { Scope, Session } from '../../../src/wire/types.ts'
import type { Refused } from '../data/state.ts'

export type Access =
  /** Not known yet; `failed` when the request was not answered, with `refused` when something else than the agent answered it. */
  | { state: 'checking'; failed: boolean; refused: Refused | null }
  /** The agent has no token: no login is required. */
  | { state: 'open'; scopes: readonly Scope[] }
  | { state: 'in'; name: string | null; scopes: readonly Scope[] }
  /** A login is required; `ended` when there was one that ended by itself. */
  | { state: 'out'; ended: boolean }

/** Returns the access after the agent's answer, and the same object when nothing changes. */
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

/** Returns the access after a request that was not answered. A login stays, because a broken network ends no session. */
export function accessUnanswered(before: Access, refused: Refused | null): Access {
  return before.state === 'checking' ? { state: 'checking', failed: true, refused } : before
}

/** Returns whether this browser may read from the agent. */
export function canRead({ state }: Access): boolean {
  return state === 'open' || state === 'in'
}
