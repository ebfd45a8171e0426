import type { ComponentChildren } from 'preact'
import { useContext } from 'preact/hooks'
import { isFailure } from '../../../src/wire/condition.ts'
import type { Run } from '../../../src/wire/types.ts'
import { isActive } from '../data/state.ts'
import { addressOf, type RunPart } from '../routing/route.ts'
import { useNow, useStamp } from '../ui/clock.tsx'
import { formatClock, formatCount, formatDuration, formatElapsed, formatExact } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { tableRoles } from '../ui/table.tsx'
import { useZone } from '../ui/times.tsx'
import { outcomeWords, triggerWords } from '../ui/words.ts'
import { HistoryFilter } from './history-filter.tsx'
import { RunDetails } from './run-details.tsx'

type Props = {
  run: Run
  /** The date above the first run of a day; null for the others. */
  day: string | null
  open: boolean
  part: RunPart | null
}

/** A run in the history: a row, and while it is open a second one with its details. */
export function RunRow({ run, day, open, part }: Props) {
  const { word, icon, tone } = outcomeWords[run.status]
  const detailsId = `run-${run.id}`
  const stamp = useStamp()
  const zone = useZone()
  const filter = useContext(HistoryFilter)
  const toggle = () => {
    location.hash = addressOf(open ? null : run.id, null, filter)
  }
  return (
    <>
      <tr {...tableRoles.row} class="run" data-open={open} data-day={day ?? undefined}>
        <td {...tableRoles.cell} class="run-outcome">
          <button
            type="button"
            class="run-toggle"
            aria-expanded={open}
            aria-controls={open ? detailsId : undefined}
            onClick={toggle}
          >
            <Icon name="chevron" class="run-chevron" />
            <span class="outcome" data-tone={tone}>
              <Icon name={icon} class={run.status === 'running' ? 'turning' : ''} />
              {word}
            </span>
            <span class="unseen">run of {stamp(run.queuedAt)}</span>
          </button>
          <RunRemark run={run} />
        </td>
        <Cell label="Requested" kind="run-requested">
          <time dateTime={run.queuedAt} title={formatExact(run.queuedAt)}>
            {formatClock(Date.parse(run.queuedAt), zone)}
          </time>
        </Cell>
        <Cell label="Trigger" kind="run-trigger">
          {triggerWords[run.trigger]}
        </Cell>
        <Cell label="Duration" kind="run-duration number">
          <RunningTime run={run} />
        </Cell>
        <Cell label="Inserted" kind="run-count number">
          <CountOrNone count={run.counts?.inserted} />
        </Cell>
        <Cell label="Updated" kind="run-count number">
          <CountOrNone count={run.counts?.updated} />
        </Cell>
        <Cell label="Deleted" kind="run-count number">
          <CountOrNone count={run.counts?.deleted} />
        </Cell>
      </tr>
      {open && (
        <tr {...tableRoles.row} class="run-open" id={detailsId}>
          <td {...tableRoles.cell} colSpan={7}>
            <RunDetails run={run} part={part} heading="h4" />
          </td>
        </tr>
      )}
    </>
  )
}

/** A cell with the name of its column, for layouts without a header row. */
function Cell({ label, kind, children }: { label: string; kind: string; children: ComponentChildren }) {
  return (
    <td {...tableRoles.cell} class={kind}>
      <span class="cell-label" aria-hidden="true">
        {label}
      </span>
      {children}
    </td>
  )
}

/** What must be visible before the run is opened: why it failed, and what it held back or rejected. */
function RunRemark({ run }: { run: Run }) {
  const remarks = [
    isFailure(run) ? run.error?.code : null,
    run.status === 'cancelled' ? 'nothing was changed' : null,
    run.counts !== null && run.counts.withheld > 0 ? `${formatCount(run.counts.withheld)} held back` : null,
    run.counts !== null && run.counts.rejected > 0 ? `${formatCount(run.counts.rejected)} rejected` : null,
  ].filter((remark) => remark)
  return remarks.length === 0 ? null : <span class="run-remark">{remarks.join(' · ')}</span>
}

function CountOrNone({ count }: { count: number | undefined }) {
  if (count !== undefined) return <span data-zero={count === 0}>{formatCount(count)}</span>
  return (
    <span data-zero="true">
      <span aria-hidden="true">–</span>
      <span class="unseen">none</span>
    </span>
  )
}

function RunningTime({ run }: { run: Run }) {
  if (run.startedAt === null) return <CountOrNone count={undefined} />
  if (isActive(run)) return <Elapsed since={run.startedAt} />
  return <>{formatDuration(Date.parse(run.finishedAt ?? run.startedAt) - Date.parse(run.startedAt))}</>
}

function Elapsed({ since }: { since: string }) {
  return <>{formatElapsed(useNow() - Date.parse(since))}</>
}
