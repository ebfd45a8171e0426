import { useId, useMemo, useRef, useState } from 'preact/hooks'
import { isFailure } from '../../../src/wire/condition.ts'
import type { Run } from '../../../src/wire/types.ts'
import { isActive } from '../data/state.ts'
import { addressOf } from '../routing/route.ts'
import { useStamp } from '../ui/clock.tsx'
import { formatCount, formatDuration, plural } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { outcomeWords } from '../ui/words.ts'
import { type Bar, type Chart, chartOf } from './chart.ts'
import { ChartTable } from './chart-table.tsx'

const height = 120
const durationHeight = 22
/** Room above for the signs of runs without changes, and between the changes and the durations. */
const top = 18
const gap = 16
const whole = top + height + gap + durationHeight
const slots = 40

/** What the last runs changed and how long they took: a bar a run, each a link to its run; the same as a table below. */
export function RunChart({ runs, of }: { runs: readonly Run[]; of: string }) {
  const ended = runs.some((run) => !isActive(run))
  return (
    <section class="card" aria-label={`Recent runs${of}`}>
      {ended ? (
        <Bars runs={runs} of={of} />
      ) : (
        <>
          <h3>Recent runs</h3>
          <p class="teaching">Once a run has ended it is a bar here: what it changed, and how long it took.</p>
        </>
      )}
    </section>
  )
}

function Bars({ runs, of }: { runs: readonly Run[]; of: string }) {
  const chart = useMemo(() => chartOf(runs, { height, durationHeight, slots }), [runs])
  const id = useId()
  return (
    <>
      <div class="chart-head">
        <h3>Recent runs</h3>
        <ul class="chart-key" aria-label="Key">
          <Key part="inserted" word="Inserted" />
          <Key part="updated" word="Updated" />
          <Key part="deleted" word="Deleted" />
          {chart.bars.some(({ run }) => isFailure(run)) && (
            <li data-tone="bad">
              <Icon name="cross" /> Failed
            </li>
          )}
          {chart.bars.some(({ run }) => run.status === 'cancelled') && (
            <li data-tone="quiet">
              <Icon name="minus" /> Cancelled
            </li>
          )}
        </ul>
      </div>
      <div class="chart">
        <svg class="chart-axis" height={whole} aria-hidden="true" focusable="false">
          {chart.lines.map(({ value, y }) => (
            <text key={value} x="100%" y={top + y + 4} text-anchor="end">
              {shortCount(value)}
            </text>
          ))}
          <text x="100%" y={whole - 4} text-anchor="end">
            Time
          </text>
        </svg>
        <Plot chart={chart} titleId={`${id}-title`} descriptionId={`${id}-description`} />
      </div>
      <p class="chart-note">
        Oldest to newest. Heights follow a logarithmic scale, as the lines tell, so that few changes are seen beside
        many. The lower bars are durations, up to {formatDuration(chart.longestMs)}, on a square-root scale.
      </p>
      <details class="chart-table">
        <summary>Show as a table</summary>
        <ChartTable bars={chart.bars} of={of} />
      </details>
    </>
  )
}

function Key({ part, word }: { part: string; word: string }) {
  return (
    <li>
      <svg class="chart-swatch" viewBox="0 0 10 10" aria-hidden="true" focusable="false">
        <rect class="bar-part" data-part={part} width="10" height="10" rx="3" />
      </svg>
      {word}
    </li>
  )
}

/** One stop for the Tab key; the arrow keys, Home and End go from bar to bar. */
function Plot({ chart, titleId, descriptionId }: { chart: Chart; titleId: string; descriptionId: string }) {
  const plot = useRef<SVGSVGElement>(null)
  const [chosen, setChosen] = useState<string | null>(null)
  const { bars, lines } = chart
  const known = bars.findIndex((bar) => bar.run.id === chosen)
  const current = known === -1 ? bars.length - 1 : known

  const go = (event: KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowLeft: current - 1,
      ArrowRight: current + 1,
      Home: 0,
      End: bars.length - 1,
    }
    const wanted = steps[event.key]
    if (wanted === undefined) return
    event.preventDefault()
    const bar = bars[Math.min(bars.length - 1, Math.max(0, wanted))]
    setChosen(bar?.run.id ?? null)
    plot.current?.querySelector<SVGAElement>(`a[href="${addressOf(bar?.run.id ?? null)}"]`)?.focus()
  }

  return (
    <svg
      ref={plot}
      width="100%"
      height={whole}
      aria-labelledby={titleId}
      aria-describedby={descriptionId}
      onKeyDown={go}
    >
      <title id={titleId}>Changes and durations of the last runs</title>
      <desc id={descriptionId}>
        {plural(bars.length, 'run')}, oldest first. Each bar is a link to its run; the arrow keys go from bar to bar.
      </desc>
      {lines.map(({ value, y }) => (
        <line key={value} class="chart-line" x1="0" x2="100%" y1={top + y} y2={top + y} />
      ))}
      <line class="chart-base" x1="0" x2="100%" y1={top + height} y2={top + height} />
      {bars.map((bar, index) => (
        <RunBar key={bar.run.id} bar={bar} stop={index === current} onFocus={() => setChosen(bar.run.id)} />
      ))}
    </svg>
  )
}

function RunBar({ bar, stop, onFocus }: { bar: Bar; stop: boolean; onFocus: () => void }) {
  const { run, x, width, segments, duration, changes } = bar
  const stamp = useStamp()
  const words = wordsOf(bar, stamp)
  const [left, inner] = [`${x + width * 0.16}%`, `${width * 0.68}%`]
  return (
    <a
      class="bar"
      data-tone={outcomeWords[run.status].tone}
      href={addressOf(run.id)}
      aria-label={words}
      // As SVG has it: there the attribute knows no capital.
      tabindex={stop ? 0 : -1}
      onFocus={onFocus}
    >
      <title>{words}</title>
      <rect class="bar-ground" x={`${x}%`} width={`${width}%`} height={whole} rx="4" />
      {segments.map((segment) => (
        <rect
          key={segment.part}
          class="bar-part"
          data-part={segment.part}
          x={left}
          width={inner}
          y={top + segment.y}
          height={segment.height}
        />
      ))}
      {changes === 0 && <rect class="bar-zero" x={left} width={inner} y={top + height - 1} height="2" />}
      {changes === null && (
        <svg x={`${x + width / 2}%`} y={top + height - 18} width="1" height="1" overflow="visible" aria-hidden="true">
          <path class="bar-sign" d={isFailure(run) ? 'M-6 -3l12 12M6 -3l-12 12' : 'M-5 4h10'} />
        </svg>
      )}
      {duration !== null && (
        <rect class="bar-duration" x={left} width={inner} y={whole - duration.height} height={duration.height} />
      )}
    </a>
  )
}

function wordsOf({ run, changes, duration }: Bar, stamp: (iso: string) => string): string {
  const { counts, startedAt, finishedAt } = run
  const figures =
    counts === null || changes === null
      ? (run.error?.code ?? 'nothing was changed')
      : `${formatCount(counts.inserted)} inserted, ${formatCount(counts.updated)} updated, ${formatCount(counts.deleted)} deleted`
  const facts = [
    figures,
    duration === null ? null : `took ${formatDuration(duration.ms)}`,
    startedAt === null ? null : `started ${stamp(startedAt)}`,
    finishedAt === null ? null : `ended ${stamp(finishedAt)}`,
  ].filter((fact) => fact !== null)
  return `${outcomeWords[run.status].word}, ${stamp(run.queuedAt)}: ${facts.join(', ')}`
}

/** "1k", "10M": room for a few letters. */
function shortCount(value: number): string {
  if (value >= 1_000_000) return `${value / 1_000_000}M`
  return value >= 1000 ? `${value / 1000}k` : String(value)
}
