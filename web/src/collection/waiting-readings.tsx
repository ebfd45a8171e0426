import { readWaiting } from '../data/api.ts'
import { usePages } from '../data/pages.ts'
import { Moment } from '../ui/clock.tsx'
import { formatCount, plural } from '../ui/format.ts'
import { PagedList } from '../ui/paged-list.tsx'
import { tableRoles } from '../ui/table.tsx'

type Props = { clientSystemId: string; readings: number; externalIds: number }

/** The external ids that no meter has: a typo of a collector, or a meter that the Client System does not have. */
export function WaitingReadings({ clientSystemId, readings, externalIds }: Props) {
  const pages = usePages((after) => readWaiting(clientSystemId, after))
  return (
    <section class="card collection" aria-label="Unknown external ids">
      <div class="changes-head">
        <h2>Unknown external ids</h2>
        <span class="quiet">
          {plural(readings, 'reading')} of {plural(externalIds, 'external id')} {readings === 1 ? 'waits' : 'wait'} for
          a meter.
        </span>
      </div>
      <PagedList pages={pages} empty="No reading waits for a meter.">
        {(waiting) => (
          <table {...tableRoles.table} class="collection-table" aria-label="Unknown external ids">
            <thead {...tableRoles.group}>
              <tr {...tableRoles.row}>
                <th {...tableRoles.header}>External id</th>
                <th {...tableRoles.header} class="number">
                  Readings
                </th>
                <th {...tableRoles.header}>First received</th>
                <th {...tableRoles.header}>Last received</th>
              </tr>
            </thead>
            <tbody {...tableRoles.group}>
              {waiting.map(({ externalId, readings: count, firstReceivedAt, lastReceivedAt }) => (
                <tr {...tableRoles.row} key={externalId}>
                  <td {...tableRoles.cell}>{externalId}</td>
                  <td {...tableRoles.cell} class="number" data-label="Readings">
                    {formatCount(count)}
                  </td>
                  <td {...tableRoles.cell}>
                    <Moment iso={firstReceivedAt} />
                  </td>
                  <td {...tableRoles.cell}>
                    <Moment iso={lastReceivedAt} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </PagedList>
    </section>
  )
}
