import { useState } from 'preact/hooks'
import type { History } from '../data/run-list.ts'
import type { StatusRoute } from '../routing/route.ts'
import { Icon } from '../ui/icon.tsx'
import { LoadFailure } from '../ui/load-failure.tsx'
import { useZone } from '../ui/times.tsx'
import { useGradually } from '../ui/use-gradually.ts'
import { useNextFrame } from '../ui/use-next-frame.ts'
import { FilteredRuns } from './filtered-runs.tsx'
import { FilterControls, HistoryFilter } from './history-filter.tsx'
import { isFiltered, queryOf } from './run-filter.ts'
import { RunTable } from './run-table.tsx'

type Props = {
  clientSystemId: string
  /** The end of the accessible names: " of NAME" where there are several Client Systems, otherwise empty. */
  nameSuffix: string
  history: History
  route: StatusRoute
  read: (before: string | null) => Promise<void>
}

/** The runs of a Client System, newest first, all or those of a filter. Each opens to its details. */
export function RunHistory({ clientSystemId, nameSuffix, history: latest, route, read }: Props) {
  // A sync that ends also brings notices, which grow the page above a reader of the history.
  const history = useNextFrame(latest)
  const { filter } = route
  const filtered = isFiltered(filter)
  const query = queryOf(filter, useZone())
  return (
    <section class="card history" aria-label={`Run history${nameSuffix}`} aria-busy={history.state === 'loading'}>
      <div class="history-head">
        <h3>Run history</h3>
        {(history.runs.length > 0 || filtered) && <FilterControls filter={filter} />}
      </div>
      <HistoryFilter.Provider value={filter}>
        {filtered ? (
          <FilteredRuns
            key={JSON.stringify(query)}
            query={query}
            latest={history.runs}
            clientSystemId={clientSystemId}
            nameSuffix={nameSuffix}
            route={route}
          />
        ) : (
          <AllRuns nameSuffix={nameSuffix} history={history} route={route} read={read} />
        )}
      </HistoryFilter.Provider>
    </section>
  )
}

function AllRuns({ nameSuffix, history, route, read }: Omit<Props, 'clientSystemId'>) {
  const [reading, setReading] = useState(false)
  const runs = useGradually(history.runs)
  const readPage = async (before: string | null) => {
    if (reading) return
    setReading(true)
    await read(before)
    setReading(false)
  }
  return (
    <>
      {runs.length > 0 && <RunTable runs={runs} route={route} nameSuffix={nameSuffix} />}
      {history.runs.length === 0 && history.state === 'ready' && (
        <div class="empty">
          <Icon name="queued" />
          <p>No run yet. Every sync is kept here with its outcome and its changes.</p>
        </div>
      )}
      {history.runs.length === 0 && history.state === 'loading' && <p class="teaching">Loading…</p>}
      {history.state === 'failed' && (
        <LoadFailure retry={() => readPage(null)} disabled={reading}>
          The run history could not be loaded.
        </LoadFailure>
      )}
      {history.next !== null && history.state === 'ready' && (
        <button type="button" class="button-plain" aria-disabled={reading} onClick={() => readPage(history.next)}>
          Show more
        </button>
      )}
    </>
  )
}
