import type { ClientSystemStatus, Collection, CollectionState } from '../../../src/wire/types.ts'
import { readSilentMeters } from '../data/api.ts'
import { usePages } from '../data/pages.ts'
import { type CollectionRoute, collectionAddress, meterAddress, noMeterFilter } from '../routing/route.ts'
import { ClientSystemLinks } from '../ui/client-system-links.tsx'
import { Moment } from '../ui/clock.tsx'
import { Figure } from '../ui/figure.tsx'
import { formatCount, plural, sentences } from '../ui/format.ts'
import { LoadFailure } from '../ui/load-failure.tsx'
import { PagedList } from '../ui/paged-list.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { tableRoles } from '../ui/table.tsx'
import { Groups } from './groups.tsx'
import { useCollection } from './use-collection.ts'
import { WaitingReadings } from './waiting-readings.tsx'

type Props = { statuses: readonly ClientSystemStatus[]; route: CollectionRoute }

/** Which meters report: in numbers, by location and kind, and the silent ones one by one. */
export function CollectionView({ statuses, route }: Props) {
  const status = statuses.find(({ id }) => id === route.clientSystemId) ?? statuses[0]
  if (status === undefined) return null
  return (
    <>
      <ClientSystemLinks statuses={statuses} chosen={status.id} addressOf={collectionAddress} />
      <CollectionOfSystem key={status.id} clientSystemId={status.id} />
    </>
  )
}

function CollectionOfSystem({ clientSystemId }: { clientSystemId: string }) {
  const { collection, groups, error, retry } = useCollection(clientSystemId)
  if (collection === null) {
    return error === null ? (
      <p class="teaching">Loading…</p>
    ) : (
      <section class="card" aria-label="Collection">
        <LoadFailure retry={retry}>The numbers could not be loaded. {sentences(error.message, error.hint)}</LoadFailure>
      </section>
    )
  }
  return (
    <>
      {error !== null && <Refusal words="These numbers may be outdated." error={error} />}
      <Summary collection={collection} />
      <Groups clientSystemId={clientSystemId} groups={groups} />
      {/* The groups would move what is below them. */}
      {(groups !== null || error !== null) && <SingleMeters collection={collection} />}
    </>
  )
}

/** What may need a person, one by one. */
function SingleMeters({ collection: { clientSystemId, waiting, meters } }: { collection: Collection }) {
  return (
    <>
      {waiting.readings > 0 && (
        <WaitingReadings key={waiting.externalIds} clientSystemId={clientSystemId} {...waiting} />
      )}
      <SilentMeters key={meters.silent} clientSystemId={clientSystemId} silent={meters.silent} />
    </>
  )
}

function Summary({ collection }: { collection: Collection }) {
  const { clientSystemId, meters, newestReadingAt, readingIntervalMinutes } = collection
  const listOf = (state: CollectionState) => meterAddress(null, { ...noMeterFilter, clientSystemId, collection: state })
  return (
    <section class="card collection-summary" aria-label="Collection">
      <dl class="figure-list">
        <Figure name="Reporting" href={listOf('reporting')} count={meters.reporting} icon="check" tone="good" />
        <Figure name="Late" href={listOf('late')} count={meters.late} icon="clock" tone="attention" />
        <Figure name="Silent" href={listOf('silent')} count={meters.silent} icon="warning" tone="bad" />
        <Figure name="Never reported" href={listOf('never')} count={meters.never} icon="empty" tone="attention" />
        {meters.stillReporting > 0 && (
          <Figure
            name="Inactive, still reporting"
            href={listOf('stillReporting')}
            count={meters.stillReporting}
            icon="broken"
            tone="attention"
          />
        )}
      </dl>
      <p class="card-foot">
        <span>
          {newestReadingAt === null ? (
            'No reading yet. Collectors send readings to POST /api/readings.'
          ) : (
            <>
              Newest reading <Moment iso={newestReadingAt} />.
            </>
          )}{' '}
          A meter is late two expected intervals after its last reading and silent after six; the interval is{' '}
          {plural(readingIntervalMinutes, 'minute')} unless the Client System gives another.
        </span>
      </p>
    </section>
  )
}

function SilentMeters({ clientSystemId, silent }: { clientSystemId: string; silent: number }) {
  const pages = usePages((before) => readSilentMeters(clientSystemId, before))
  return (
    <section class="card collection" aria-label="Silent meters">
      <div class="changes-head">
        <h2>Silent meters</h2>
        <span class="quiet">{silent > 0 && `${formatCount(silent)}, the most recent first`}</span>
      </div>
      <PagedList pages={pages} empty="No meter is silent.">
        {(meters) => (
          <table {...tableRoles.table} class="collection-table" aria-label="Silent meters">
            <thead {...tableRoles.group}>
              <tr {...tableRoles.row}>
                <th {...tableRoles.header}>External id</th>
                <th {...tableRoles.header}>Name</th>
                <th {...tableRoles.header}>Location</th>
                <th {...tableRoles.header} class="secondary">
                  Kind
                </th>
                <th {...tableRoles.header}>Last reading</th>
              </tr>
            </thead>
            <tbody {...tableRoles.group}>
              {meters.map(({ meterId, externalId, name, location, kind, lastReadAt }) => (
                <tr {...tableRoles.row} key={meterId}>
                  <td {...tableRoles.cell}>
                    <a href={meterAddress(meterId)}>{externalId}</a>
                  </td>
                  <td {...tableRoles.cell}>
                    <span class="clamped">{name}</span>
                  </td>
                  <td {...tableRoles.cell}>
                    <span class="clamped">{location ?? '–'}</span>
                  </td>
                  <td {...tableRoles.cell} class="secondary">
                    <span class="clamped">{kind ?? '–'}</span>
                  </td>
                  <td {...tableRoles.cell}>{lastReadAt === null ? '–' : <Moment iso={lastReadAt} />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </PagedList>
    </section>
  )
}
