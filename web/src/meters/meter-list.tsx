import { useRef } from 'preact/hooks'
import { metersFileUrl } from '../data/api.ts'
import { type MeterFilter, meterAddress, noMeterFilter } from '../routing/route.ts'
import { formatCount, plural } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { PagedList } from '../ui/paged-list.tsx'
import { tableRoles } from '../ui/table.tsx'
import { useGradually } from '../ui/use-gradually.ts'
import { useMedia } from '../ui/use-media.ts'
import { LinkedMeter } from './linked-meter.tsx'
import { isFiltered } from './meter-filters.tsx'
import { MeterRow } from './meter-row.tsx'
import { SortChoice, SortHead } from './meter-sort.tsx'
import type { Meters } from './use-meters.ts'

type Props = {
  meters: Meters
  /** As the address has it. */
  filter: MeterFilter
  /** The same with the Client System, as requests need it. */
  wanted: MeterFilter
  meterId: string | null
  /** How many meters there are, whatever the filter. */
  total: number
}

/** The meters that match a filter; the one that the address names is open. */
export function MeterList({ meters: { list, pages, restoring }, filter, wanted, meterId, total }: Props) {
  const totalLine = useRef<HTMLParagraphElement>(null)
  // As wide as the style of the table says.
  const isTable = useMedia('(min-width: 64.0625rem)')
  const sortable = isTable ? filter : null
  const items = useGradually(pages.items, restoring)
  const listed = pages.items.some(({ id }) => String(id) === meterId)
  return (
    <>
      {meterId !== null && list !== null && !listed && <LinkedMeter key={meterId} meterId={meterId} filter={filter} />}
      <section class="card meters" aria-label="List of meters">
        <div class="list-head">
          <p class="list-total" aria-live="polite" tabIndex={-1} ref={totalLine}>
            {list !== null && pages.state !== 'failed' && totalWords(list, total, isFiltered(filter))}
          </p>
          {isFiltered(filter) && (
            // The link goes with the filters; the focus must stay in the list.
            <a href={meterAddress(null, cleared(filter))} onClick={() => totalLine.current?.focus()}>
              Clear filters
            </a>
          )}
          {pages.items.length > 0 && (
            <a class="download" download="" href={metersFileUrl(wanted)}>
              <Icon name="download" />
              Download CSV
            </a>
          )}
          {!isTable && pages.items.length > 0 && <SortChoice filter={filter} />}
        </div>
        <PagedList pages={{ ...pages, items }} empty={<Nothing filter={filter} total={total} />}>
          {(meters) => (
            <table {...tableRoles.table} class="meter-table" aria-label="Meters" data-sort={filter.sort}>
              <thead {...tableRoles.group}>
                <tr {...tableRoles.row}>
                  <SortHead filter={sortable} sort="externalId" />
                  <SortHead filter={sortable} sort="name" />
                  <th {...tableRoles.header}>Kind</th>
                  <SortHead filter={sortable} sort="location" />
                  <th {...tableRoles.header}>State</th>
                  <SortHead filter={sortable} sort="lastReading" class="number" />
                  <SortHead filter={sortable} sort="updated" class="number" />
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

/** The same list without what narrows it. */
function cleared({ sort, order, clientSystemId }: MeterFilter): MeterFilter {
  return { ...noMeterFilter, sort, order, clientSystemId }
}

/** "512 meters", "41 of 512 meters", "more than 10,000 of 1,000,000 meters". */
function totalWords(list: NonNullable<Meters['list']>, all: number, filtered: boolean): string {
  if (list.total === null || all === 0) return ''
  if (!filtered) return plural(list.total, 'meter')
  return `${list.totalIsExact ? '' : 'more than '}${formatCount(list.total)} of ${plural(all, 'meter')}`
}

function Nothing({ filter, total }: { filter: MeterFilter; total: number }) {
  return (
    <span class="empty">
      <Icon name="empty" />
      <span>{wordsFor(filter, total)}</span>
    </span>
  )
}

function wordsFor(filter: MeterFilter, total: number): string {
  const { q, state, kind, location, collection } = filter
  if (total === 0) return 'No meters yet. The first sync inserts them. Start it on the status view.'
  const narrowed = kind !== null || location !== null || collection !== null || state !== 'all'
  if (q.trim() !== '')
    return `No meter ${narrowed ? 'among these ' : ''}has “${q}” in its external id, name, serial number or location. Try fewer letters, or clear the filters.`
  if (kind === null && location === null && collection === null && state === 'inactive')
    return 'No meter is inactive. One that is deleted or switched off in the Client System is kept here, with its history and its readings.'
  return 'No meter matches these filters. Clear them to see all meters.'
}
