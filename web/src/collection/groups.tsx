import type { CollectionGroup, CollectionState } from '../../../src/wire/types.ts'
import { meterAddress, noMeterFilter } from '../routing/route.ts'
import { formatCount } from '../ui/format.ts'
import { tableRoles } from '../ui/table.tsx'

const columns = [
  ['Reporting', 'reporting'],
  ['Late', 'late'],
  ['Silent', 'silent'],
  ['Never', 'never'],
] as const

/** The meters of a group in one state. */
function listOf(clientSystemId: string, { location, kind }: CollectionGroup, collection: CollectionState): string {
  const filter = { ...noMeterFilter, clientSystemId, location: location ?? '', kind: kind ?? '', collection }
  return meterAddress(null, filter)
}

type Props = {
  clientSystemId: string
  /** Null until they have been read. */
  groups: readonly CollectionGroup[] | null
}

/** The agent returns so many groups at most. */
const maxGroups = 50

/** The active meters by location and kind, the groups with the most silent ones first. */
export function Groups({ clientSystemId, groups }: Props) {
  if (groups?.length === 0) return null
  return (
    <section class="card collection" aria-label="By location and kind" aria-busy={groups === null}>
      <div class="changes-head">
        <h2>By location and kind</h2>
        {groups?.length === maxGroups && <span class="quiet">the {maxGroups} with the most silent meters</span>}
      </div>
      {groups === null ? (
        <p class="teaching">Loading…</p>
      ) : (
        <GroupTable clientSystemId={clientSystemId} groups={groups} />
      )}
    </section>
  )
}

function GroupTable({ clientSystemId, groups }: { clientSystemId: string; groups: readonly CollectionGroup[] }) {
  return (
    <table {...tableRoles.table} class="collection-table" aria-label="Meters by location and kind">
      <thead {...tableRoles.group}>
        <tr {...tableRoles.row}>
          <th {...tableRoles.header}>Location</th>
          <th {...tableRoles.header} class="secondary">
            Kind
          </th>
          {columns.map(([word]) => (
            <th {...tableRoles.header} key={word} class="number">
              {word}
            </th>
          ))}
        </tr>
      </thead>
      <tbody {...tableRoles.group}>
        {groups.map((group) => (
          <tr {...tableRoles.row} key={`${group.location} ${group.kind}`}>
            <td {...tableRoles.cell}>
              <span class="clamped">{group.location ?? 'No location'}</span>
              <span class="collection-narrow">
                <span class="clamped">{group.kind ?? 'No kind'}</span>
              </span>
            </td>
            <td {...tableRoles.cell} class="secondary">
              <span class="clamped">{group.kind ?? 'No kind'}</span>
            </td>
            {columns.map(([word, state]) => (
              <td {...tableRoles.cell} key={word} class="number" data-label={word} data-none={group[state] === 0}>
                {group[state] === 0 ? (
                  0
                ) : (
                  <a href={listOf(clientSystemId, group, state)} aria-label={`${word}: ${formatCount(group[state])}`}>
                    {formatCount(group[state])}
                  </a>
                )}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
