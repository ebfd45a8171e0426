import type { FlaggedReading } from '../../../src/wire/types.ts'
import { readReadings } from '../data/api.ts'
import { usePages } from '../data/pages.ts'
import { Moment, useStamp } from '../ui/clock.tsx'
import { plural } from '../ui/format.ts'
import type { Heading } from '../ui/heading.ts'
import { PagedList } from '../ui/paged-list.tsx'
import { readingText } from '../ui/reading-text.ts'
import { type Series, seriesOf } from './readings.ts'

/** The newest readings of a meter: a line for each quantity, and the same as a table. */
export function MeterReadings({ meterId, heading: Heading }: { meterId: number; heading: Heading }) {
  const pages = usePages((before) => readReadings(meterId, before))
  return (
    <section class="readings" aria-label="Readings">
      <Heading>Readings</Heading>
      <PagedList pages={pages} empty={<NoReadings />}>
        {(readings) => (
          <>
            <ul class="series-list">
              {seriesOf(readings).map((series) => (
                <Line key={`${series.quantity} ${series.unit}`} series={series} />
              ))}
            </ul>
            <details class="chart-table">
              <summary>
                Show {plural(readings.length, 'reading')} as a table
                {doubtful(readings) > 0 && ` · ${doubtful(readings)} doubtful`}
              </summary>
              <ReadingTable readings={readings} />
            </details>
          </>
        )}
      </PagedList>
    </section>
  )
}

const flagWords: Record<FlaggedReading['flags'][number], string> = {
  decrease: 'lower than before',
  rollover: 'began at zero again',
  meter_replaced: 'meter replaced',
  future: 'in the future',
  unit: 'other unit than the meter',
}

/** Readings with a flag that nothing explains. */
function doubtful(readings: readonly FlaggedReading[]): number {
  return readings.filter(({ flags }) => flags.some((flag) => !['rollover', 'meter_replaced'].includes(flag))).length
}

function NoReadings() {
  return (
    <>
      No readings of this meter yet. A collector sends them to <code>POST /api/readings</code> by external id.
    </>
  )
}

function Line({ series }: { series: Series }) {
  const { quantity, readings, path, lowest, highest, newest, oldest } = series
  const stamp = useStamp()
  const words = `${quantity}: ${plural(readings.length, 'reading')} from ${stamp(oldest.readAt)} to ${stamp(newest.readAt)}, between ${readingText(lowest)} and ${readingText(highest)}, last ${readingText(newest)}`
  return (
    <li class="series">
      <p class="series-head">
        <span>{quantity}</span>
        <strong>{readingText(newest)}</strong>
        <span class="quiet">
          <Moment iso={newest.readAt} />
        </span>
      </p>
      <svg class="series-plot" viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label={words}>
        <path class="series-line" d={path} vector-effect="non-scaling-stroke" />
      </svg>
      <p class="series-foot">
        <span>lowest {readingText(lowest)}</span>
        <span>highest {readingText(highest)}</span>
      </p>
    </li>
  )
}

function ReadingTable({ readings }: { readings: readonly FlaggedReading[] }) {
  const flagged = readings.some(({ flags }) => flags.length > 0)
  return (
    <table class="figures-table" aria-label="Figures of the readings">
      <thead>
        <tr>
          <th>Read</th>
          <th>Quantity</th>
          <th class="number">Value</th>
          {flagged && <th>Note</th>}
        </tr>
      </thead>
      <tbody>
        {readings.map((reading) => (
          <tr key={`${reading.readAt} ${reading.quantity}`}>
            <td>
              <Moment iso={reading.readAt} />
            </td>
            <td>{reading.quantity}</td>
            <td class="number">{readingText(reading)}</td>
            {flagged && <td>{reading.flags.map((flag) => flagWords[flag]).join(', ')}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
