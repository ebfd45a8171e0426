import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { logIn, logOut, readSession } from '../data/api.ts'
import { refusedBy } from '../data/poller.ts'
import { ApiError, loginRequired } from '../data/requests.ts'
import { type Access, accessAfter, accessUnanswered } from './access.ts'

export type LoginAccess = {
  access: Access
  /** Checks with the agent whether this browser has a session. */
  check: () => Promise<void>
  /** Logs in with a token; rejects with the ApiError that says why that failed. */
  logIn(token: string): Promise<void>
  /** Ends the session; rejects with an ApiError when that failed. */
  logOut(): Promise<void>
}

/** The time until the next request to an agent that did not answer. */
const retryMs = 2_000

/**
 * Follows whether this browser has a session with the agent: checked at the start, when a request is refused because the
 * login is missing, and when another tab of this browser has logged in or out. The token is kept nowhere, and the session is a
 * cookie that no script can read.
 */
export function useAccess(): LoginAccess {
  const [access, setAccess] = useState<Access>({ state: 'checking', failed: false, refused: null })
  const checking = useRef(false)
  const tabs = useRef<BroadcastChannel | null>(null)

  const check = useCallback(async () => {
    if (checking.current) return
    checking.current = true
    try {
      const session = await readSession()
      setAccess((before) => accessAfter(before, session))
    } catch (reason) {
      setAccess((before) => accessUnanswered(before, refusedBy(reason)))
    } finally {
      checking.current = false
    }
  }, [])

  useEffect(() => {
    const channel = new BroadcastChannel('session')
    tabs.current = channel
    channel.addEventListener('message', check)
    addEventListener(loginRequired, check)
    void check()
    return () => {
      channel.close()
      removeEventListener(loginRequired, check)
    }
  }, [check])

  const unknown = access.state === 'checking'
  useEffect(() => {
    if (!unknown) return
    const timer = setInterval(check, retryMs)
    return () => clearInterval(timer)
  }, [unknown, check])

  return {
    access,
    check,
    logIn: async (token) => {
      await logIn(token)
      const session = await readSession()
      if (session.required && !session.loggedIn) {
        throw new ApiError('The token is correct, but this browser did not store the session.', {
          hint: 'Allow cookies for this address, then log in again.',
        })
      }
      setAccess((before) => accessAfter(before, session))
      tabs.current?.postMessage('in')
    },
    logOut: async () => {
      await logOut()
      setAccess({ state: 'out', ended: false })
      tabs.current?.postMessage('out')
    },
  }
}
