import { formatCount } from '../ui/format.ts'
import { outcomeOf, type Period, periodName } from './strip.ts'

/** The numbers of the cells as a table, newest first, without periods that have none. */
export function StripTable({ periods, name, first }: { periods: readonly Period[]; name: string; first: string }) {
  const shown = periods.filter((period) => outcomeOf(period) !== 'none').toReversed()
  if (shown.length === 0) return <p class="teaching">No sync in this time.</p>
  return (
    <div class="scroll">
      <table class="figures-table" aria-label={name}>
        <thead>
          <tr>
            <th>{first}</th>
            <th class="number">Succeeded</th>
            <th class="number">Failed</th>
            <th class="number">Cancelled</th>
            <th class="number">Hours missed</th>
            <th class="number">Inserted</th>
            <th class="number">Updated</th>
            <th class="number">Deleted</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((period) => (
            <tr key={period.key}>
              <td>{periodName(period.key)}</td>
              {[
                period.succeeded,
                period.failed,
                period.cancelled,
                period.missed,
                period.inserted,
                period.updated,
                period.deleted,
              ].map((count, index) => (
                <td key={`${index} ${period.key}`} class="number">
                  {formatCount(count)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
