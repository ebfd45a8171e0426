import type { Run } from '../../../src/wire/types.ts'
import { readRuns } from '../data/api.ts'
import { usePages } from '../data/pages.ts'
import { addressOf, type StatusRoute } from '../routing/route.ts'
import { PagedList } from '../ui/paged-list.tsx'
import { outcomeWords } from '../ui/words.ts'
import { byTrigger, reachOf, upToDate } from './run-filter.ts'
import { RunTable } from './run-table.tsx'

type Props = {
  clientSystemId: string
  of: string
  route: StatusRoute
  /** The newest runs of any outcome, which grow by themselves. */
  latest: readonly Run[]
}

/** The runs that the filter lets through. Give it the outcome as key. */
export function FilteredRuns({ clientSystemId, of, route, latest }: Props) {
  const { outcome, trigger } = route.filter
  const read = usePages((before) => readRuns(clientSystemId, before, outcome))
  const pages =
    read.state === 'ready' || read.items.length > 0 ? { ...read, items: upToDate(read.items, latest, outcome) } : read
  const shown = byTrigger(pages.items, trigger)
  const hidden = route.runId !== null && pages.state === 'ready' && !shown.some(({ id }) => id === route.runId)
  const kind = outcome === null ? 'run' : `${outcomeWords[outcome].word.toLowerCase()} run`
  return (
    <>
      {hidden && (
        <p class="teaching">
          The run that the address names is not among these.{' '}
          <a href={addressOf(route.runId)}>Show it without a filter</a>
        </p>
      )}
      <PagedList pages={pages} empty={`No ${kind} is in the history.`}>
        {(items) => (
          <>
            {shown.length > 0 && <RunTable runs={shown} route={route} of={of} />}
            {trigger !== null && <p class="teaching">{reachOf(shown.length, items.length, pages.hasMore, kind)}</p>}
          </>
        )}
      </PagedList>
      <p class="filter-end">
        <a href={addressOf(null)}>Show all runs</a>
      </p>
    </>
  )
}
