import type { Agent } from '../data/agent.ts'
import type { StatusRoute } from '../routing/route.ts'
import { LinkedRun } from '../runs/linked-run.tsx'
import { isFiltered } from '../runs/run-filter.ts'
import { ClientSystem } from './client-system.tsx'

/** The status: a section for each Client System, and above them the run of the address when no list has it. */
export function StatusView({ agent, route }: { agent: Agent; route: StatusRoute }) {
  const { systems } = agent.state
  const { runId, part, filter } = route
  const listed = systems.some((s) => s.history.runs.some((run) => run.id === runId))
  const listsRead = systems.every((s) => s.history.state !== 'loading')
  // A filtered history shows whether it has the run.
  const filtered = isFiltered(filter)
  return (
    <>
      {runId !== null && listsRead && !listed && !filtered && <LinkedRun key={runId} runId={runId} part={part} />}
      {systems.map((system) => (
        <ClientSystem key={system.status.id} system={system} agent={agent} route={route} alone={systems.length === 1} />
      ))}
    </>
  )
}
