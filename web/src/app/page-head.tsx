import type { RefObject } from 'preact'
import { useState } from 'preact/hooks'
import { type ApiError, toApiError } from '../data/requests.ts'
import type { State } from '../data/state.ts'
import { LogOut } from '../login/logout.tsx'
import { collectionAddress, meterAddress, type Route } from '../routing/route.ts'
import { Refusal } from '../ui/refusal.tsx'
import { Badge } from './connection.tsx'
import { DisplayMenu } from './display-menu.tsx'

type Props = {
  title: string
  heading: RefObject<HTMLHeadingElement | null>
  /** Null while there is no login: then there are no views. */
  view: Route['view'] | null
  state: State
  /** Null when there is no session to end. */
  logOut: (() => Promise<void>) | null
  /** The name of the token that this browser is logged in with. */
  loginName: string | null
}

/** The head of every view: its title, the navigation, whether the page is live, and the display menu. */
export function PageHead({ title, heading, view, state, logOut, loginName }: Props) {
  const [refusal, setRefusal] = useState<ApiError | null>(null)
  return (
    <>
      <header class="page-head">
        <div class="brand">
          <img src="/icons/mark.svg" alt="" width="32" height="32" />
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {view !== null && state.agent?.demonstration && (
            <span class="brand-note" title="Both databases belong to the agent, and their meters are invented">
              Demonstration
            </span>
          )}
        </div>
        {view !== null && (
          <>
            <nav class="views" aria-label="Views">
              <a href="#/" aria-current={view === 'status' ? 'page' : undefined}>
                Status
              </a>
              <a href={meterAddress(null)} aria-current={view === 'meters' ? 'page' : undefined}>
                Meters
              </a>
              <a href={collectionAddress(null)} aria-current={view === 'collection' ? 'page' : undefined}>
                Collection
              </a>
              <a href="#/settings" aria-current={view === 'settings' ? 'page' : undefined}>
                Settings
              </a>
            </nav>
            <Badge {...state} />
          </>
        )}
        <DisplayMenu times={view !== null} version={state.agent?.version ?? null} />
        {logOut !== null && (
          <LogOut name={loginName} logOut={logOut} onRefused={(reason) => setRefusal(toApiError(reason))} />
        )}
      </header>
      {logOut !== null && refusal !== null && <Refusal words="You are still logged in." error={refusal} />}
    </>
  )
}
