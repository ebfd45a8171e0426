import { readMeters } from '../data/api.ts'
import { usePages } from '../data/pages.ts'
import type { MeterFilter } from '../routing/route.ts'
import { Icon } from '../ui/icon.tsx'
import { PagedList } from '../ui/paged-list.tsx'
import { tableRoles } from '../ui/table.tsx'
import { LinkedMeter } from './linked-meter.tsx'
import { MeterRow } from './meter-row.tsx'

type Props = {
  /** As the address has it. */
  filter: MeterFilter
  /** As the API is asked. */
  wanted: MeterFilter
  meterId: string | null
  /** How many meters there are, whatever the filter. */
  total: number
}

/** The meters that a filter lets through, by external id; the one that the address names is open. */
export function MeterList({ filter, wanted, meterId, total }: Props) {
  const pages = usePages((after) => readMeters(wanted, after))
  const listed = pages.items.some(({ id }) => String(id) === meterId)
  const read = pages.state !== 'loading' || pages.items.length > 0
  return (
    <>
      {meterId !== null && read && !listed && <LinkedMeter key={meterId} meterId={meterId} filter={filter} />}
      <section class="card meters" aria-label="List of meters">
        <PagedList pages={pages} empty={<Nothing filter={filter} total={total} />}>
          {(meters) => (
            <table {...tableRoles.table} class="meter-table" aria-label="Meters">
              <thead {...tableRoles.group}>
                <tr {...tableRoles.row}>
                  <th {...tableRoles.header}>External id</th>
                  <th {...tableRoles.header}>Name</th>
                  <th {...tableRoles.header}>Kind</th>
                  <th {...tableRoles.header}>Location</th>
                  <th {...tableRoles.header}>State</th>
                  <th {...tableRoles.header} class="number">
                    Last reading
                  </th>
                </tr>
              </thead>
              <tbody {...tableRoles.group}>
                {meters.map((meter) => (
                  <MeterRow key={meter.id} meter={meter} open={String(meter.id) === meterId} filter={filter} />
                ))}
              </tbody>
            </table>
          )}
        </PagedList>
      </section>
    </>
  )
}

function Nothing({ filter, total }: { filter: MeterFilter; total: number }) {
  return (
    <span class="empty">
      <Icon name="empty" />
      <span>{wordsFor(filter, total)}</span>
    </span>
  )
}

function wordsFor({ q, state }: MeterFilter, total: number): string {
  if (total === 0)
    return 'No meters yet. The first sync brings them from the Client System; start it on the status view.'
  if (q !== '')
    return `No meter has “${q}” in its external id, name or serial number. Try fewer letters, or another state.`
  if (state === 'inactive')
    return 'No meter is inactive. One that is deleted or switched off in the Client System is kept here, with its history and its readings.'
  return 'No meter is active: all of them were deleted or switched off in the Client System.'
}
