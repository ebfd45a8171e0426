import { useRef } from 'preact/hooks'
import type { Run } from '../../../src/wire/types.ts'
import type { StatusRoute } from '../routing/route.ts'
import { formatDay } from '../ui/format.ts'
import { tableRoles } from '../ui/table.tsx'
import { useZone } from '../ui/times.tsx'
import { useRowsInPlace } from '../ui/use-rows-in-place.ts'
import { RunRow } from './run-row.tsx'

/** Runs as rows that open. The first of a day has its date. It stays a table also where it looks like cards. */
export function RunTable({
  runs,
  route,
  nameSuffix,
}: {
  runs: readonly Run[]
  route: StatusRoute
  nameSuffix: string
}) {
  const zone = useZone()
  const table = useRef<HTMLTableElement>(null)
  // The first row grows when its run ends.
  const version = runs.map(({ id, revision }) => `${id} ${revision}`).join()
  useRowsInPlace(table, { rows: '.run', growing: ':first-child' }, version)
  const days = runs.map(({ queuedAt }) => formatDay(queuedAt, zone))
  return (
    <table {...tableRoles.table} ref={table} class="runs" aria-label={`Run history${nameSuffix}`}>
      <thead {...tableRoles.group}>
        <tr {...tableRoles.row}>
          <th {...tableRoles.header}>Outcome</th>
          <th {...tableRoles.header}>Requested</th>
          <th {...tableRoles.header}>Trigger</th>
          <th {...tableRoles.header} class="number">
            Duration
          </th>
          <th {...tableRoles.header} class="number">
            Inserted
          </th>
          <th {...tableRoles.header} class="number">
            Updated
          </th>
          <th {...tableRoles.header} class="number">
            Deleted
          </th>
        </tr>
      </thead>
      <tbody {...tableRoles.group}>
        {runs.map((run, index) => (
          <RunRow
            key={run.id}
            run={run}
            day={days[index] === days[index - 1] ? null : (days[index] ?? null)}
            open={run.id === route.runId}
            part={route.part}
          />
        ))}
      </tbody>
    </table>
  )
}
