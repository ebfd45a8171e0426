import { useContext, useMemo } from 'preact/hooks'
import type { Meter } from '../../../src/wire/types.ts'
import { readingsFileUrl } from '../data/api.ts'
import { formatCount, sentences } from '../ui/format.ts'
import type { Heading } from '../ui/heading.ts'
import { Icon } from '../ui/icon.tsx'
import { LoadFailure } from '../ui/load-failure.tsx'
import { useZone } from '../ui/times.tsx'
import { chartsOf } from './chart.ts'
import { CurrentRoute } from './current-route.ts'
import { dayOfReading, periodName, periodOf, usualSpan } from './period.ts'
import { ReadingChart } from './reading-chart.tsx'
import { ReadingControls } from './reading-controls.tsx'
import { ReadingGaps } from './reading-gaps.tsx'
import { ReadingTable } from './reading-table.tsx'
import { type ShownReadings, timeOf, useReadings } from './use-readings.ts'

type Props = {
  meter: Meter
  /** Grows each time the meter is read again. */
  version: number
  heading: Heading
}

/** The readings of a meter in some days: a chart for each quantity, the same as a table, and the gaps. */
export function MeterReadings({ meter, version, heading: Heading }: Props) {
  if (meter.lastReading !== null) return <ReadingsByDay meter={meter} version={version} heading={Heading} />
  return (
    <section class="readings" aria-label="Readings">
      <Heading>Readings</Heading>
      <p class="teaching">
        No readings of this meter yet. A collector sends them to <code>POST /api/readings</code> by external id.
      </p>
    </section>
  )
}

function ReadingsByDay({ meter, version, heading: Heading }: Props) {
  const { readings: choice } = useContext(CurrentRoute)
  const zone = useZone()
  const day = choice.day ?? dayOfReading(meter.lastReading?.readAt, Date.now(), zone)
  const span = choice.span ?? usualSpan(meter.readingIntervalMinutes)
  const period = useMemo(() => periodOf(day, span, zone), [day, span, zone])
  // The latest readings follow what comes in; days of the past stay as they are.
  const { shown, error, loading, read } = useReadings(meter.id, period, choice.day === null ? version : 0)
  const named = [...(shown?.readings ?? []), ...(shown?.gaps ?? [])].map(({ quantity }) => quantity)
  const quantities = [...new Set(choice.quantity === null ? named : [...named, choice.quantity])].sort()
  return (
    <>
      <section class="readings" aria-label="Readings" aria-busy={loading}>
        <div class="changes-head">
          <Heading>Readings</Heading>
          <span class="quiet">{periodName(period)}</span>
          <a class="download" download="" href={readingsFileUrl(meter.id, timeOf(period))}>
            <Icon name="download" />
            Download readings as CSV
          </a>
        </div>
        <ReadingControls meter={meter} period={period} quantities={quantities} />
        {error !== null && <LoadFailure retry={read}>{sentences(error.message, error.hint)}</LoadFailure>}
        {shown === null && loading && <p class="teaching readings-loading">Loading…</p>}
        {shown !== null && <Charts shown={shown} quantity={choice.quantity} />}
      </section>
      {shown !== null && <ReadingGaps gaps={ofQuantity(choice.quantity, shown.gaps)} heading={Heading} />}
    </>
  )
}

function ofQuantity<T extends { quantity: string }>(quantity: string | null, all: readonly T[]): readonly T[] {
  return quantity === null ? all : all.filter((one) => one.quantity === quantity)
}

function Charts({ shown, quantity }: { shown: ShownReadings; quantity: string | null }) {
  const { period, gaps, complete, readAt } = shown
  const readings = ofQuantity(quantity, shown.readings)
  const charts = useMemo(
    () => chartsOf(readings, gaps, { from: period.from, to: period.to, now: readAt }),
    [shown, quantity],
  )
  if (readings.length === 0) {
    return (
      <p class="teaching readings-loading">
        No {quantity === null ? 'reading' : `reading of ${quantity}`} on {periodName(period)}. Choose other days, or the
        latest.
      </p>
    )
  }
  return (
    <>
      {!complete && (
        <p class="teaching">
          Only the newest {formatCount(shown.readings.length)} readings of these days are shown. The CSV file has all of
          them.
        </p>
      )}
      <ul class="series-list" data-single={charts.length === 1}>
        {charts.map((chart) => (
          <ReadingChart key={`${chart.quantity} ${chart.unit}`} chart={chart} period={period} />
        ))}
      </ul>
      <ReadingTable readings={readings} />
    </>
  )
}
