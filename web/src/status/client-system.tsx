import type { VNode } from 'preact'
import { standingFailure } from '../../../src/wire/condition.ts'
import type { ClientSystemStatus, Run } from '../../../src/wire/types.ts'
import type { Agent } from '../data/agent.ts'
import { isCurrent, type SystemState } from '../data/state.ts'
import type { StatusRoute } from '../routing/route.ts'
import { RunHistory } from '../runs/history.tsx'
import { HistoryStrip } from '../runs/history-strip.tsx'
import { useIsLongRun } from '../ui/use-is-long-run.ts'
import { Failure } from './failure.tsx'
import { Headline } from './headline.tsx'
import { HeldBack } from './held-back.tsx'
import { Cancelled, Insecure, NoWorker, RejectedRows, SameMeters } from './notices.tsx'
import { Overview } from './overview.tsx'
import { PreviewButton } from './preview-button.tsx'
import { SyncLine } from './sync-line.tsx'
import { SyncNow } from './trigger.tsx'

type Props = {
  system: SystemState
  agent: Agent
  route: StatusRoute
  /** Whether it is the only one on the page. */
  alone: boolean
}

/** A Client System: the headline first, then notices, counts and the history. */
export function ClientSystem({ system, agent, route, alone }: Props) {
  const { status, progress, history } = system
  const { activeRun, lastRun } = status
  const { state } = agent
  const current = isCurrent(state)
  const knownUntil = current ? null : (state.lastUpdateAt ?? 0) + state.clockOffset
  const notices = noticesOf(status, current, agent.addRun)
  const isLong = useIsLongRun(activeRun)
  // Landmarks need different names where there is more than one Client System.
  const nameSuffix = alone ? '' : ` of ${status.name}`
  const nameId = `client-system-${status.id}`
  return (
    <section class="client-system" aria-labelledby={nameId}>
      <div class="card glance">
        <Headline status={status} nameId={nameId} knownUntil={knownUntil} isLong={isLong} />
        <SyncNow status={status} onRun={agent.addRun} current={current} isLong={isLong}>
          <PreviewButton clientSystemId={alone ? null : status.id} />
        </SyncNow>
        <SyncLine status={status} progress={progress} current={current} isLong={isLong} />
      </div>
      {status.insecure && <Insecure name={status.name} />}
      {status.sameMetersAs !== null && <SameMeters id={status.id} as={status.sameMetersAs} />}
      <Overview status={status} notices={notices} alone={alone} nameSuffix={nameSuffix} />
      <HistoryStrip clientSystemId={status.id} nameSuffix={nameSuffix} lastRunId={lastRun?.id ?? null} />
      <RunHistory
        clientSystemId={status.id}
        nameSuffix={nameSuffix}
        history={history}
        route={route}
        read={(before) => agent.loadRuns(status.id, before)}
      />
    </section>
  )
}

/** What came of the last syncs and a person has to know or decide, the most important first. */
function noticesOf(status: ClientSystemStatus, current: boolean, onRun: (run: Run) => void): VNode[] {
  const { activeRun, lastRun, lastSuccess } = status
  const failure = standingFailure(status)
  const counts = lastSuccess?.counts
  const notices = [
    failure !== null && <Failure key={failure.id} run={failure} status={status} current={current} />,
    current && status.workers === 0 && activeRun === null && <NoWorker key="no worker" />,
    (counts?.withheld ?? 0) > 0 && <HeldBack key="held back" status={status} current={current} onRun={onRun} />,
    lastSuccess !== null && (counts?.rejected ?? 0) > 0 && <RejectedRows key="rejected" run={lastSuccess} />,
    lastRun?.status === 'cancelled' && activeRun === null && <Cancelled key="cancelled" run={lastRun} />,
  ]
  return notices.filter((notice) => notice !== false)
}
