import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { logIn, logOut, readSession } from '../data/api.ts'
import { ApiError, loginWanted } from '../data/requests.ts'
import { type Access, accessAfter, accessUnanswered } from './access.ts'

export type Door = {
  access: Access
  /** Asks the agent whether there is (still) a session. */
  ask: () => Promise<void>
  /** Gives the token for a session; rejects with the ApiError that says why there is none. */
  logIn(token: string): Promise<void>
  /** Ends the session; rejects with an ApiError when it goes on. */
  logOut(): Promise<void>
}

/** An agent that did not answer is asked again after this long. */
const retryMs = 2_000

/**
 * Follows whether this browser has a session with the agent. It is asked at the start, whenever a request is refused
 * for want of a login, and when another tab of this browser has logged in or out. The token itself is kept nowhere:
 * the session is a cookie that no script can read.
 */
export function useAccess(): Door {
  const [access, setAccess] = useState<Access>({ state: 'asking', failed: false })
  const asking = useRef(false)
  const tabs = useRef<BroadcastChannel | null>(null)

  const ask = useCallback(async () => {
    if (asking.current) return
    asking.current = true
    try {
      const session = await readSession()
      setAccess((before) => accessAfter(before, session))
    } catch {
      setAccess(accessUnanswered)
    } finally {
      asking.current = false
    }
  }, [])

  useEffect(() => {
    const channel = new BroadcastChannel('session')
    tabs.current = channel
    channel.addEventListener('message', ask)
    addEventListener(loginWanted, ask)
    void ask()
    return () => {
      channel.close()
      removeEventListener(loginWanted, ask)
    }
  }, [ask])

  const unknown = access.state === 'asking'
  useEffect(() => {
    if (!unknown) return
    const timer = setInterval(ask, retryMs)
    return () => clearInterval(timer)
  }, [unknown, ask])

  return {
    access,
    ask,
    logIn: async (token) => {
      await logIn(token)
      const session = await readSession()
      if (session.required && !session.loggedIn) {
        throw new ApiError('The token is right, but this browser did not keep the session.', {
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
