import { isFailure } from '../../../src/wire/condition.ts'
import type { Agent } from '../data/agent.ts'
import type { SystemState } from '../data/state.ts'
import type { StatusRoute } from '../routing/route.ts'
import { RunHistory } from '../runs/history.tsx'
import { RunChart } from '../runs/run-chart.tsx'
import { Failure } from './failure.tsx'
import { Headline } from './headline.tsx'
import { HeldBack } from './held-back.tsx'
import { LastSync } from './last-sync.tsx'
import { Meters } from './meters.tsx'
import { Cancelled, Insecure, RejectedRows, SameMeters } from './notices.tsx'
import { PreviewButton } from './preview-button.tsx'
import { SyncProgress } from './progress.tsx'
import { SyncNow } from './trigger.tsx'

type Props = {
  system: SystemState
  agent: Agent
  route: StatusRoute
  /** Whether it is the only one on the page. */
  alone: boolean
}

/** All about one Client System: the glance first, then what is to be done, then the figures, then the past. */
export function ClientSystem({ system, agent, route, alone }: Props) {
  const { status, progress, history } = system
  const { activeRun, lastRun, lastSuccess } = status
  // Landmarks are told apart by name where there is more than one Client System.
  const of = alone ? '' : ` of ${status.name}`
  const nameId = `client-system-${status.id}`
  return (
    <section class="client-system" aria-labelledby={nameId}>
      <div class="card glance">
        <Headline status={status} nameId={nameId} />
        <SyncNow status={status} tell={agent.tell}>
          <PreviewButton clientSystemId={alone ? null : status.id} />
        </SyncNow>
        {activeRun !== null && <SyncProgress run={activeRun} progress={progress} />}
      </div>
      {lastRun !== null && isFailure(lastRun) && <Failure key={lastRun.id} run={lastRun} />}
      {lastRun?.status === 'cancelled' && activeRun === null && <Cancelled run={lastRun} />}
      {status.insecure && <Insecure name={status.name} />}
      {status.sameMetersAs !== null && <SameMeters id={status.id} as={status.sameMetersAs} />}
      {lastSuccess !== null && <HeldBack run={lastSuccess} busy={activeRun !== null} tell={agent.tell} />}
      {lastSuccess !== null && <RejectedRows run={lastSuccess} />}
      <div class="figures">
        <LastSync run={lastSuccess} of={of} />
        <Meters meters={status.meters} clientSystemId={alone ? null : status.id} of={of} />
      </div>
      <RunChart of={of} runs={history.runs} />
      <RunHistory
        clientSystemId={status.id}
        of={of}
        history={history}
        route={route}
        read={(before) => agent.readHistory(status.id, before)}
      />
    </section>
  )
}
