import type { CollectionGroup } from '../../../src/wire/types.ts'
import { formatCount } from '../ui/format.ts'
import { tableRoles } from '../ui/table.tsx'

const columns = [
  ['Reporting', 'reporting'],
  ['Late', 'late'],
  ['Silent', 'silent'],
  ['Never', 'never'],
] as const

/** The active meters by location and kind, those with the most silent ones first. */
export function Groups({ groups }: { groups: readonly CollectionGroup[] }) {
  if (groups.length === 0) return null
  return (
    <section class="card collection" aria-label="By location and kind">
      <h2>By location and kind</h2>
      <table {...tableRoles.table} class="collection-table" aria-label="Meters by location and kind">
        <thead {...tableRoles.group}>
          <tr {...tableRoles.row}>
            <th {...tableRoles.header}>Location</th>
            <th {...tableRoles.header}>Kind</th>
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
              <td {...tableRoles.cell}>{group.location ?? 'No location'}</td>
              <td {...tableRoles.cell}>{group.kind ?? 'No kind'}</td>
              {columns.map(([word, state]) => (
                <td {...tableRoles.cell} key={word} class="number" data-none={group[state] === 0}>
                  {formatCount(group[state])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
