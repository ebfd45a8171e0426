import { useEffect, useRef } from 'preact/hooks'
import { useAgent } from './agent.ts'
import { Announcer } from './announcer.tsx'
import { Clock } from './clock.tsx'
import { Badge, ConnectionNotice } from './connection.tsx'
import { EmptyPage, FirstContact } from './empty.tsx'
import { MetersView } from './meters-view.tsx'
import { meterAddress, type Route } from './route.ts'
import { StatusView } from './status-view.tsx'
import { ThemeSwitch } from './theme.tsx'
import { TimeSwitch, Times } from './times.tsx'
import { useRoute } from './use-route.ts'
import { useTab } from './use-tab.ts'

const headings: Record<Route['view'], string> = { status: 'Sync Status', meters: 'Meters' }

/** The page: the status view or the meters, both fed by one event stream. */
export function App() {
  const agent = useAgent()
  const { state } = agent
  const route = useRoute()
  const heading = useViewFocus(route.view)
  useTab(state, route.view === 'meters' ? headings.meters : null)
  return (
    <Times>
      <Clock offset={state.clockOffset}>
        <div class="page" data-live={state.connection !== 'lost'}>
          <header class="page-head">
            <div class="brand">
              <img src="/icons/mark.svg" alt="" width="32" height="32" />
              <h1 ref={heading} tabIndex={-1}>
                {headings[route.view]}
              </h1>
              {state.agent?.demonstration && (
                <span class="tag" title="Both databases belong to the agent and were filled for trying it out">
                  Demonstration
                </span>
              )}
            </div>
            <nav class="views" aria-label="Views">
              <a href="#/" aria-current={route.view === 'status' ? 'page' : undefined}>
                Status
              </a>
              <a href={meterAddress(null)} aria-current={route.view === 'meters' ? 'page' : undefined}>
                Meters
              </a>
            </nav>
            <Badge connection={state.connection} />
            <TimeSwitch />
            <ThemeSwitch />
          </header>
          <main>
            <ConnectionNotice connection={state.connection} heardAt={state.heardAt} />
            {state.agent === null && <FirstContact connection={state.connection} />}
            {state.agent !== null && state.systems.length === 0 && <EmptyPage />}
            {state.systems.length > 0 && route.view === 'status' && <StatusView agent={agent} route={route} />}
            {state.systems.length > 0 && route.view === 'meters' && (
              <MetersView statuses={state.systems.map((s) => s.status)} route={route} />
            )}
          </main>
          <footer class="page-foot">
            <p>Meter Sync Agent {state.agent?.version}</p>
          </footer>
          <Announcer state={state} />
        </div>
      </Clock>
    </Times>
  )
}

/** Whoever goes to another view reads on at its heading; the first view leaves the focus where it is. */
function useViewFocus(view: Route['view']) {
  const heading = useRef<HTMLHeadingElement>(null)
  const before = useRef(view)
  useEffect(() => {
    if (before.current === view) return
    before.current = view
    scrollTo(0, 0)
    heading.current?.focus({ preventScroll: true })
  }, [view])
  return heading
}
