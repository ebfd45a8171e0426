import { useState } from 'preact/hooks'
import { useStamp } from '../ui/clock.tsx'
import { plural } from '../ui/format.ts'
import { readingText } from '../ui/reading-text.ts'
import { type Chart, nearest, type Point } from './chart.ts'
import type { Period } from './period.ts'
import { FlagIcon, FlagMark, wordsOf } from './reading-flags.tsx'

type Props = { chart: Chart; period: Period }

/** The readings of a quantity as a line over time, with its gaps and marks. Pointer and arrow keys name each reading. */
export function ReadingChart({ chart, period }: Props) {
  const [chosen, setChosen] = useState<number | null>(null)
  const stamp = useStamp()
  const { quantity, points, lowest, highest, newest } = chart
  const point = chosen === null ? null : (points[chosen] ?? null)
  return (
    <li class="series">
      <p class="series-head">
        <span>{quantity}</span>
        <span>
          <span class="quiet">last</span> <strong>{readingText(newest.reading)}</strong>
        </span>
      </p>
      <p class="series-note">
        {point === null ? (
          <>
            <span>lowest {readingText(lowest.reading)}</span>
            <span>highest {readingText(highest.reading)}</span>
          </>
        ) : (
          pointWords(point, stamp)
        )}
      </p>
      <div class="plot">
        <Plot chart={chart} period={period} point={point} />
        <Chooser chart={chart} period={period} chosen={chosen} onChoose={setChosen} />
      </div>
      <Axis period={period} />
      <Key points={points} />
    </li>
  )
}

type Stamp = ReturnType<typeof useStamp>

function pointWords({ reading }: Point, stamp: Stamp): string {
  const flags = wordsOf(reading.flags)
  return `${stamp(reading.readAt)}: ${readingText(reading)}${flags === '' ? '' : `, ${flags}`}`
}

function xOf(at: number, { from, to }: Period): string {
  return `${((at - from) / (to - from)) * 100}%`
}

/** The maximum number of marks, and of gaps, that are drawn in full. */
const maxApart = 20

function Plot({ chart, period, point }: Props & { point: Point | null }) {
  const stamp = useStamp()
  const { quantity, points, lowest, highest, newest, gaps } = chart
  const marked = points.filter(({ reading }) => reading.flags.length > 0)
  const facts = [
    `${plural(points.length, 'reading')} from ${stamp(points[0]?.reading.readAt ?? '')} to ${stamp(newest.reading.readAt)}`,
    `between ${readingText(lowest.reading)} and ${readingText(highest.reading)}`,
    `last ${readingText(newest.reading)}`,
    ...(gaps.length > 0 ? [plural(gaps.length, 'gap')] : []),
    ...(marked.length > 0 ? [`${marked.length} marked`] : []),
  ]
  return (
    <svg class="plot-area" role="img" aria-label={`${quantity}: ${facts.join(', ')}`}>
      {period.ticks.map(({ at }) => (
        <line key={at} class="plot-grid" x1={xOf(at, period)} x2={xOf(at, period)} y1="0" y2="100%" />
      ))}
      {gaps.map(({ x, width, gap }) => (
        <g key={gap.from} class="plot-gap" data-many={gaps.length > maxApart}>
          <rect x={`${x}%`} width={`${width}%`} y="0" height="100%" />
          {width >= 25 && (
            <text x={`${x + width / 2}%`} y="1.1em">
              no readings
            </text>
          )}
        </g>
      ))}
      {chart.grid.map(({ y, zero }) => (
        <line key={y} class="plot-grid" data-zero={zero} x1="0" x2="100%" y1={`${y}%`} y2={`${y}%`} />
      ))}
      <svg viewBox="0 0 100 100" preserveAspectRatio="none" width="100%" height="100%" aria-hidden="true">
        <path class="series-line" d={chart.line} vector-effect="non-scaling-stroke" />
        <path class="series-dots" d={chart.dots} vector-effect="non-scaling-stroke" />
      </svg>
      {chart.grid.map(({ y, label }) => (
        <text key={y} class="plot-value" x="0" y={`${y}%`} dy="-0.3em">
          {label}
        </text>
      ))}
      {marked.map(({ reading, at, x, y }) => (
        <svg key={at} x={`${x}%`} y={`${y}%`} class="plot-mark" data-many={marked.length > maxApart} aria-hidden="true">
          <FlagMark flags={reading.flags} />
        </svg>
      ))}
      {point !== null && (
        <g class="plot-cursor">
          <line x1={`${point.x}%`} x2={`${point.x}%`} y1="0" y2="100%" />
          <circle cx={`${point.x}%`} cy={`${point.y}%`} r="5" />
        </g>
      )}
    </svg>
  )
}

type ChooserProps = Props & { chosen: number | null; onChoose: (index: number | null) => void }

/** A slider over the plot, which cannot be seen: the place on it is a time, and the reading nearest to it is chosen. */
function Chooser({ chart: { quantity, points }, period, chosen, onChoose }: ChooserProps) {
  const stamp = useStamp()
  const last = points.length - 1
  const index = Math.min(chosen ?? last, last)
  const point = points[index]
  const step = (event: KeyboardEvent) => {
    const steps: Record<string, number> = {
      ...{ ArrowLeft: index - 1, ArrowDown: index - 1, ArrowRight: index + 1, ArrowUp: index + 1 },
      ...{ PageDown: index - 10, PageUp: index + 10, Home: 0, End: last },
    }
    const wanted = steps[event.key]
    if (wanted === undefined) return
    event.preventDefault()
    onChoose(Math.min(last, Math.max(0, wanted)))
  }
  return (
    <input
      class="plot-chooser"
      type="range"
      aria-label={`Reading of ${quantity}`}
      aria-valuetext={point && pointWords(point, stamp)}
      min={period.from}
      max={period.to}
      step="any"
      value={point?.at}
      onInput={({ currentTarget }) => {
        const wanted = nearest(points, currentTarget.valueAsNumber)
        onChoose(wanted)
        currentTarget.value = String(points[wanted]?.at)
      }}
      onKeyDown={step}
      onFocus={() => onChoose(index)}
      onBlur={() => onChoose(null)}
      onPointerMove={(event) => {
        const { left, width } = event.currentTarget.getBoundingClientRect()
        onChoose(nearest(points, period.from + ((event.clientX - left) / width) * (period.to - period.from)))
      }}
      onPointerLeave={(event) => event.currentTarget !== document.activeElement && onChoose(null)}
    />
  )
}

function Axis({ period }: { period: Period }) {
  const { ticks, from, to } = period
  const anchorOf = (at: number) => (at === from ? 'start' : at === to ? 'end' : 'middle')
  return (
    <svg class="plot-axis" aria-hidden="true">
      {ticks.map(({ at, label }) => (
        <text key={at} x={xOf(at, period)} y="1em" text-anchor={anchorOf(at)}>
          {label}
        </text>
      ))}
    </svg>
  )
}

/** The maximum number of marked readings that are named one by one. */
const maxNamed = 4

/** What the marks of the chart stand for. */
function Key({ points }: { points: readonly Point[] }) {
  const stamp = useStamp()
  const kinds = Map.groupBy(
    points.filter(({ reading }) => reading.flags.length > 0),
    ({ reading }) => wordsOf(reading.flags),
  )
  if (kinds.size === 0) return null
  return (
    <ul class="plot-key" aria-label="Marked readings">
      {[...kinds].map(([words, marked]) => (
        <li key={words}>
          <FlagIcon flags={marked[0]?.reading.flags ?? []} /> {words}:{' '}
          {marked
            .slice(0, maxNamed)
            .map(({ reading }) => stamp(reading.readAt))
            .join('; ')}
          {marked.length > maxNamed && ` and ${marked.length - maxNamed} more`}
        </li>
      ))}
    </ul>
  )
}
