import { addressOf } from '../routing/route.ts'
import { Moment } from '../ui/clock.tsx'
import { formatCount, formatDuration } from '../ui/format.ts'
import { outcomeWords } from '../ui/words.ts'
import type { Bar } from './chart.ts'

/** The figures behind the chart of runs, newest first as in the history. */
export function ChartTable({ bars, of }: { bars: readonly Bar[]; of: string }) {
  return (
    <div class="scroll">
      <table class="figures-table" aria-label={`Figures of the recent runs${of}`}>
        <thead>
          <tr>
            <th>Requested</th>
            <th>Started</th>
            <th>Ended</th>
            <th>Outcome</th>
            <th class="number">Duration</th>
            <th class="number">Inserted</th>
            <th class="number">Updated</th>
            <th class="number">Deleted</th>
          </tr>
        </thead>
        <tbody>
          {bars.toReversed().map(({ run, duration }) => (
            <tr key={run.id}>
              <td>
                <a href={addressOf(run.id)}>
                  <Moment iso={run.queuedAt} />
                </a>
              </td>
              <td>{run.startedAt === null ? '–' : <Moment iso={run.startedAt} />}</td>
              <td>{run.finishedAt === null ? '–' : <Moment iso={run.finishedAt} />}</td>
              <td>{outcomeWords[run.status].word}</td>
              <td class="number">{duration === null ? '–' : formatDuration(duration.ms)}</td>
              <td class="number">{countOf(run.counts?.inserted)}</td>
              <td class="number">{countOf(run.counts?.updated)}</td>
              <td class="number">{countOf(run.counts?.deleted)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function countOf(count: number | undefined): string {
  return count === undefined ? '–' : formatCount(count)
}
