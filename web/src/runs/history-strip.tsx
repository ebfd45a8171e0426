import { useEffect, useMemo, useState } from 'preact/hooks'
import type { RunHistory } from '../../../src/wire/types.ts'
import { readRunHistory } from '../data/api.ts'
import { addressOf, noRunFilter } from '../routing/route.ts'
import { LoadFailure } from '../ui/load-failure.tsx'
import { TableBehind } from '../ui/table-behind.tsx'
import { useZone } from '../ui/times.tsx'
import { type Day, daysOf, type Period, periodName, periodOutcomes, periodWords, summaryWords } from './strip.ts'
import { Days, Hours } from './strip-cells.tsx'
import { StripTable } from './strip-table.tsx'

type Props = {
  clientSystemId: string
  /** The end of the accessible names: " of NAME" where there are several Client Systems, otherwise empty. */
  nameSuffix: string
  /** The run that ended last. When it changes, the history is loaded again. */
  lastRunId: string | null
}

/** The last 90 days as cells: each day opens to its hours. The same numbers are in a table below. */
export function HistoryStrip({ clientSystemId, nameSuffix, lastRunId }: Props) {
  const { history, failed, read } = useHistory(clientSystemId, lastRunId)
  return (
    <section class="card strip" aria-label={`Last 90 days${nameSuffix}`} aria-busy={history === null && !failed}>
      <div class="strip-head">
        <h3>Last 90 days</h3>
        <p>{history === null ? '' : summaryWords(history.summary)}</p>
      </div>
      {history !== null && <Strip history={history} nameSuffix={nameSuffix} />}
      {history === null && !failed && <p class="teaching strip-loading">Loading…</p>}
      {history === null && failed && (
        <div class="strip-loading">
          <LoadFailure retry={read}>The history could not be loaded.</LoadFailure>
        </div>
      )}
    </section>
  )
}

function useHistory(clientSystemId: string, lastRunId: string | null) {
  const [history, setHistory] = useState<RunHistory | null>(null)
  const [failed, setFailed] = useState(false)
  const [attempt, setAttempt] = useState(0)
  useEffect(() => {
    let left = false
    readRunHistory(clientSystemId).then(
      (read) => !left && setHistory(read),
      () => !left && setFailed(true),
    )
    return () => {
      left = true
    }
  }, [clientSystemId, lastRunId, attempt])
  const read = () => {
    setFailed(false)
    setAttempt((count) => count + 1)
  }
  return { history, failed, read }
}

function Strip({ history, nameSuffix }: { history: RunHistory; nameSuffix: string }) {
  const zone = useZone()
  const days = useMemo(() => daysOf(history, zone), [history, zone])
  const [open, setOpen] = useState<string | null>(null)
  const [shown, setShown] = useState<Period | null>(null)
  const opened = days.find(({ key }) => key === open)
  return (
    <>
      <Days days={days} open={open} onOpen={(key) => setOpen(key === open ? null : key)} onShow={setShown} />
      <p class="strip-note">{shown === null ? 'Select a day to see its hours.' : `${periodWords(shown)}.`}</p>
      <ul class="strip-key" aria-label="Key">
        {(['succeeded', 'failed', 'missed', 'cancelled', 'none'] as const).map((outcome) => (
          <li key={outcome}>
            <span class="strip-mark" data-outcome={outcome} aria-hidden="true" />
            {periodOutcomes[outcome]}
          </li>
        ))}
      </ul>
      {opened !== undefined && <OpenDay day={opened} onShow={setShown} />}
      <TableBehind summary="Show as a table">
        {() => <StripTable periods={days} name={`Syncs of the last 90 days${nameSuffix}`} first="Day" />}
      </TableBehind>
    </>
  )
}

function OpenDay({ day, onShow }: { day: Day; onShow: (hour: Period | null) => void }) {
  const name = periodName(day.key)
  return (
    <section class="strip-open" aria-label={`Hours of ${name}`}>
      <p class="strip-open-head">
        <strong>{name}</strong>
        <a href={addressOf(null, null, { ...noRunFilter, day: day.key })}>See the runs of this day</a>
      </p>
      <Hours key={day.key} hours={day.hours} onShow={onShow} />
      <TableBehind summary="Show the hours as a table">
        {() => <StripTable periods={day.hours} name={`Syncs of ${name}`} first="Hour" />}
      </TableBehind>
    </section>
  )
}
