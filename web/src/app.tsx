import { useAgent } from './agent.ts'
import { Announcer } from './announcer.tsx'
import { ClientSystem } from './client-system.tsx'
import { Clock } from './clock.tsx'
import { Badge, ConnectionNotice } from './connection.tsx'
import { EmptyPage, FirstContact } from './empty.tsx'
import { LinkedRun } from './linked-run.tsx'
import { ThemeSwitch } from './theme.tsx'
import { useRoute } from './use-route.ts'
import { useTab } from './use-tab.ts'

/** The Sync Status page: one section a Client System, all of it from one event stream. */
export function App() {
  const agent = useAgent()
  const { state } = agent
  const route = useRoute()
  useTab(state)
  const listed = state.systems.some((s) => s.history.runs.some((run) => run.id === route.runId))
  const listsRead = state.systems.every((s) => s.history.state !== 'loading')
  return (
    <Clock offset={state.clockOffset}>
      <div class="page" data-live={state.connection !== 'lost'}>
        <header class="page-head">
          <div class="brand">
            <img src="/icons/mark.svg" alt="" width="32" height="32" />
            <h1>Sync Status</h1>
            {state.agent?.demonstration && (
              <span class="tag" title="Both databases belong to the agent and were filled for trying it out">
                Demonstration
              </span>
            )}
          </div>
          <div class="page-tools">
            <Badge connection={state.connection} />
            <ThemeSwitch />
          </div>
        </header>
        <main>
          <ConnectionNotice connection={state.connection} heardAt={state.heardAt} />
          {state.agent === null && <FirstContact connection={state.connection} />}
          {state.agent !== null && state.systems.length === 0 && <EmptyPage />}
          {route.runId !== null && state.agent !== null && listsRead && !listed && (
            <LinkedRun key={route.runId} runId={route.runId} part={route.part} />
          )}
          {state.systems.map((system) => (
            <ClientSystem
              key={system.status.id}
              system={system}
              agent={agent}
              route={route}
              alone={state.systems.length === 1}
            />
          ))}
        </main>
        <footer class="page-foot">
          <p>Meter Sync Agent {state.agent?.version}</p>
        </footer>
        <Announcer state={state} />
      </div>
    </Clock>
  )
}
