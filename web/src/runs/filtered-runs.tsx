import type { Run } from '../../../src/wire/types.ts'
import { readRuns } from '../data/api.ts'
import { usePages } from '../data/pages.ts'
import type { RunQuery } from '../data/run-query.ts'
import { addressOf, type StatusRoute } from '../routing/route.ts'
import { PagedList } from '../ui/paged-list.tsx'
import { upToDate } from './run-filter.ts'
import { RunTable } from './run-table.tsx'

type Props = {
  clientSystemId: string
  nameSuffix: string
  route: StatusRoute
  query: RunQuery
  /** The newest runs of any outcome, as the event stream brings them. */
  latest: readonly Run[]
}

/** The runs that match the filter. Needs the query as its key. */
export function FilteredRuns({ clientSystemId, nameSuffix, route, query, latest }: Props) {
  const read = usePages((before) => readRuns(clientSystemId, before, query))
  const pages =
    read.state === 'ready' || read.items.length > 0 ? { ...read, items: upToDate(read.items, latest, query) } : read
  const hidden = route.runId !== null && pages.state === 'ready' && !pages.items.some(({ id }) => id === route.runId)
  return (
    <>
      {hidden && (
        <p class="teaching">
          The run that the address names is not among these.{' '}
          <a href={addressOf(route.runId)}>Show it without a filter</a>
        </p>
      )}
      <PagedList pages={pages} empty="No run matches the filter.">
        {(runs) => <RunTable runs={runs} route={route} nameSuffix={nameSuffix} />}
      </PagedList>
      <p class="filter-end">
        <a href={addressOf(null)}>Show all runs</a>
      </p>
    </>
  )
}
