/** Readings as charts. Pure; places are percentages of the plot, from its top left. */
import type { FlaggedReading, ReadingGap } from '../../../src/wire/types.ts'

export type Point = { reading: FlaggedReading; at: number; x: number; y: number }

/** The readings of one quantity in one unit. */
export type Chart = {
  quantity: string
  unit: string | null
  /** Oldest first. */
  points: readonly Point[]
  lowest: Point
  highest: Point
  newest: Point
  /** The path of an SVG line in a box of 100 by 100. It ends where a gap begins. */
  line: string
  /** A dot for each reading, where they are few; empty otherwise. */
  dots: string
  /** Horizontal lines with round values; the one at zero is strong. */
  grid: readonly { y: number; label: string; zero: boolean }[]
  gaps: readonly { x: number; width: number; gap: ReadingGap }[]
}

/** The time that the plot spans, in milliseconds; a gap that has not ended ends at `now`. */
export type PlotTime = { from: number; to: number; now: number }

/** The maximum number of readings that are drawn as dots too. */
const maxDots = 100

/** One chart a quantity and unit, by name. A reading that is not a number, or has no time, cannot be drawn. */
export function chartsOf(readings: readonly FlaggedReading[], gaps: readonly ReadingGap[], time: PlotTime): Chart[] {
  const drawable = readings
    .map((reading) => ({ reading, at: Date.parse(reading.readAt), value: numberOf(reading) }))
    .filter(({ at, value }) => Number.isFinite(at) && Math.abs(value) < 1e300)
  const groups = Map.groupBy(drawable, ({ reading }) => JSON.stringify([reading.quantity, reading.unit]))
  const charts = [...groups.values()].flatMap((group) => {
    const ordered = group.toSorted((a, b) => a.at - b.at)
    const quantity = ordered[0]?.reading.quantity
    return chartOf(
      ordered,
      gaps.filter((gap) => gap.quantity === quantity),
      time,
    )
  })
  return charts.toSorted((a, b) => (a.quantity < b.quantity ? -1 : a.quantity > b.quantity ? 1 : 0))
}

type Drawable = { reading: FlaggedReading; at: number; value: number }

function chartOf(ordered: readonly Drawable[], gaps: readonly ReadingGap[], time: PlotTime): Chart[] {
  const values = ordered.map(({ value }) => value)
  const scale = scaleOf(Math.min(...values), Math.max(...values))
  const xOf = (at: number) => round(Math.min(1, Math.max(0, (at - time.from) / (time.to - time.from))) * 100)
  const yOf = (value: number) => round(100 - ((value - scale.low) / (scale.high - scale.low)) * 100)
  const points = ordered.map(({ reading, at, value }) => ({ reading, at, x: xOf(at), y: yOf(value) }))
  const [first, newest] = [points[0], points.at(-1)]
  if (first === undefined || newest === undefined) return []
  const { quantity, unit } = first.reading
  const bands = gaps.map((gap) => ({ gap, ...edgesOf(gap, time) }))
  return [
    {
      quantity,
      unit,
      points,
      lowest: points[values.indexOf(Math.min(...values))] ?? first,
      highest: points[values.indexOf(Math.max(...values))] ?? first,
      newest,
      line: lineThrough(points, bands),
      dots: points.length <= maxDots ? points.map(({ x, y }) => `M${x} ${y}h0`).join('') : '',
      grid: scale.ticks.map(({ value, label }) => ({ y: yOf(value), label, zero: value === 0 })),
      gaps: bands.map(({ gap, from, to }) => ({ gap, x: xOf(from), width: round(xOf(to) - xOf(from)) })),
    },
  ]
}

function edgesOf(gap: ReadingGap, { to, now }: PlotTime): { from: number; to: number } {
  return { from: Date.parse(gap.from), to: gap.to === null ? Math.min(to, now) : Date.parse(gap.to) }
}

function lineThrough(points: readonly Point[], bands: readonly { from: number; to: number }[]): string {
  const steps = points.map(({ at, x, y }, index) => {
    const before = points[index - 1]?.at
    const starts = before === undefined || bands.some(({ from, to }) => from < at && to > before)
    // A stroke of no length is drawn as a dot.
    return starts ? `M${x} ${y}h0` : `L${x} ${y}`
  })
  return steps.join('')
}

/** Round values around a range. Zero belongs to it where the range begins near zero. */
function scaleOf(lowest: number, highest: number) {
  let low = lowest > 0 && lowest <= highest / 4 ? 0 : lowest
  let high = highest < 0 && highest >= lowest / 4 ? 0 : highest
  if (high - low < 1e-300) {
    const margin = Math.abs(low) / 20 || 1
    low -= margin
    high += margin
  }
  const step = roundStep((high - low) / 3)
  const [first, last] = [Math.floor(low / step), Math.ceil(high / step)]
  const format = tickFormat(step, Math.max(Math.abs(low), Math.abs(high)))
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step).map((value) => ({
    value,
    label: format.format(value),
  }))
  return { low: first * step, high: last * step, ticks }
}

/** The next 1, 2, 2.5 or 5 times a power of ten. */
function roundStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(atLeast))
  const factor = [1, 2, 2.5, 5].find((factor) => factor * power >= atLeast) ?? 10
  return factor * power
}

/** As many digits as distinguish one step from the next. */
function tickFormat(step: number, largest: number): Intl.NumberFormat {
  if (largest >= 1e9 || largest < 1e-4) {
    const digits = Math.floor(Math.log10(largest)) - Math.floor(Math.log10(step)) + 2
    const maximumSignificantDigits = Math.min(21, Math.max(1, digits))
    return new Intl.NumberFormat('en', {
      notation: largest < 1 ? 'scientific' : 'compact',
      maximumSignificantDigits,
    })
  }
  const power = Math.floor(Math.log10(step))
  const isWhole = Math.abs(step / 10 ** power - 2.5) > 0.01
  const maximumFractionDigits = Math.min(20, Math.max(0, isWhole ? -power : 1 - power))
  return new Intl.NumberFormat('en', { maximumFractionDigits, minimumFractionDigits: maximumFractionDigits })
}

/** The point whose time is nearest. */
export function nearest(points: readonly Point[], at: number): number {
  const distances = points.map((point) => Math.abs(point.at - at))
  return distances.indexOf(Math.min(...distances))
}

function round(place: number): number {
  return Math.round(place * 100) / 100
}

/** A value comes as a number, or as text where a number of JavaScript would lose digits. */
function numberOf({ value }: FlaggedReading): number {
  if (typeof value === 'number') return value
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
}
