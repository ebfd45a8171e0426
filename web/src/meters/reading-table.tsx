import type { FlaggedReading } from '../../../src/wire/types.ts'
import { useStamp } from '../ui/clock.tsx'
import { plural } from '../ui/format.ts'
import { readingText } from '../ui/reading-text.ts'
import { TableBehind } from '../ui/table-behind.tsx'
import { FlagIcon, isDoubtful, wordsOf } from './reading-flags.tsx'

/** The same readings as a table, newest first. */
export function ReadingTable({ readings }: { readings: readonly FlaggedReading[] }) {
  const doubtful = readings.filter(isDoubtful).length
  return (
    <TableBehind
      summary={
        <>
          Show {plural(readings.length, 'reading')} as a table
          {doubtful > 0 && ` · ${doubtful} doubtful`}
        </>
      }
    >
      {() => <Rows readings={readings} />}
    </TableBehind>
  )
}

function Rows({ readings }: { readings: readonly FlaggedReading[] }) {
  const stamp = useStamp()
  const flagged = readings.some(({ flags }) => flags.length > 0)
  return (
    <table class="figures-table reading-table" aria-label="Figures of the readings">
      <thead>
        <tr>
          <th>Time</th>
          <th>Quantity</th>
          <th class="number">Value</th>
          {flagged && <th>Note</th>}
        </tr>
      </thead>
      <tbody>
        {readings.map((reading) => (
          <tr key={`${reading.readAt} ${reading.quantity}`}>
            <td>{stamp(reading.readAt)}</td>
            <td>{reading.quantity}</td>
            <td class="number">{readingText(reading)}</td>
            {flagged && (
              <td>
                {reading.flags.length > 0 && (
                  <>
                    <FlagIcon flags={reading.flags} /> {wordsOf(reading.flags)}
                  </>
                )}
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
