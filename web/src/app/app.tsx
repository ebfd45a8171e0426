import { useEffect, useRef, useState } from 'preact/hooks'
import { CollectionView } from '../collection/collection-view.tsx'
import { useAgent } from '../data/agent.ts'
import { canRead, scopesOf } from '../login/access.ts'
import { Scopes } from '../login/allowed.ts'
import { Login } from '../login/login.tsx'
import { useAccess } from '../login/use-access.ts'
import { MetersView } from '../meters/meters-view.tsx'
import { PreviewView } from '../preview/preview-view.tsx'
import type { Route } from '../routing/route.ts'
import { useRoute } from '../routing/use-route.ts'
import { SettingsView } from '../settings/settings-view.tsx'
import { StatusView } from '../status/status-view.tsx'
import { Clock } from '../ui/clock.tsx'
import { Subject } from '../ui/subject.ts'
import { Times } from '../ui/times.tsx'
import { Announcer, type Sentence } from './announcer.tsx'
import { ConnectionNotice } from './connection.tsx'
import { EmptyPage, NoStatusYet } from './empty.tsx'
import { PageHead } from './page-head.tsx'
import { useTab } from './use-tab.ts'

const headings: Record<Route['view'], string> = {
  status: 'Sync Status',
  meters: 'Meters',
  preview: 'Preview',
  collection: 'Collection',
  settings: 'Settings',
}

/** The page: the login where one is required, otherwise the view that the address names, all fed by one event stream. */
export function App() {
  const { access, ...login } = useAccess()
  const mayRead = canRead(access)
  const agent = useAgent({ connect: mayRead, onRefused: login.check })
  const { state } = agent
  const route = useRoute()
  const [sentence, setSentence] = useState<Sentence | null>(null)
  const [subject, setSubject] = useState<string | null>(null)
  const loggedOut = access.state === 'out'
  const heading = useViewFocus(loggedOut ? 'login' : mayRead ? route.view : null)
  useTab(state, loggedOut ? 'Log in' : (subject ?? (route.view === 'status' ? null : headings[route.view])))
  const refused = access.state === 'checking' ? access.refused : state.refused
  const lost = state.connection === 'lost' || (access.state === 'checking' && access.failed)
  return (
    <Times>
      <Clock offset={state.clockOffset}>
        <Subject.Provider value={setSubject}>
          <div class="page" data-live={loggedOut || !lost}>
            <PageHead
              title={loggedOut ? headings.status : headings[route.view]}
              heading={heading}
              view={loggedOut ? null : route.view}
              state={state}
              logOut={access.state === 'in' ? login.logOut : null}
              loginName={access.state === 'in' ? access.name : null}
            />
            <main>
              <Scopes.Provider value={scopesOf(access)}>
                {loggedOut && <Login ended={access.ended} logIn={login.logIn} />}
                {!loggedOut && state.agent === null && <NoStatusYet lost={lost} refused={refused} />}
                {mayRead && <ConnectionNotice {...state} />}
                {mayRead && state.agent !== null && state.systems.length === 0 && route.view !== 'settings' && (
                  <EmptyPage />
                )}
                {mayRead && state.systems.length > 0 && route.view === 'status' && (
                  <StatusView agent={agent} route={route} />
                )}
                {mayRead && state.systems.length > 0 && route.view === 'meters' && (
                  <MetersView statuses={state.systems.map((s) => s.status)} route={route} />
                )}
                {mayRead && state.systems.length > 0 && route.view === 'collection' && (
                  <CollectionView statuses={state.systems.map((s) => s.status)} route={route} />
                )}
                {mayRead && state.agent !== null && route.view === 'settings' && <SettingsView agent={agent} />}
                {mayRead && state.systems.length > 0 && route.view === 'preview' && (
                  <PreviewView agent={agent} route={route} announce={(text) => setSentence({ text })} />
                )}
              </Scopes.Provider>
            </main>
            <Announcer state={state} sentence={sentence} />
          </div>
        </Subject.Provider>
      </Clock>
    </Times>
  )
}

/**
 * Focuses the heading of another view when it opens, so that reading continues there. The first view leaves the focus where
 * it is, and the login focuses its field. Null means that there is no view yet.
 */
function useViewFocus(view: Route['view'] | 'login' | null) {
  const heading = useRef<HTMLHeadingElement>(null)
  const before = useRef<typeof view>(null)
  useEffect(() => {
    if (view === null || before.current === view) return
    const first = before.current === null
    before.current = view
    if (first || view === 'login') return
    scrollTo(0, 0)
    heading.current?.focus({ preventScroll: true })
  }, [view])
  return heading
}
