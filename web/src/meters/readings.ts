/** Readings as lines of a chart. Pure; places are in a box of 100 by 100, from the top left. */
import type { Reading } from '../../../src/wire/types.ts'

export type Series = {
  quantity: string
  unit: string | null
  /** Oldest first. */
  readings: readonly Reading[]
  /** The path of an SVG line; a new stroke begins where readings are missing. */
  path: string
  lowest: Reading
  highest: Reading
  newest: Reading
  oldest: Reading
}

/** A pause this many times the usual one is a gap: no line leads over what was not read. */
const gapFactor = 4

/** One line a quantity and unit, by name. What is no number, or at no time, cannot be drawn and is left out. */
export function seriesOf(readings: readonly Reading[]): Series[] {
  const drawable = readings.filter((reading) => Number.isFinite(numberOf(reading)) && Number.isFinite(timeOf(reading)))
  const groups = Map.groupBy(drawable, ({ quantity, unit }) => JSON.stringify([quantity, unit]))
  const series = [...groups.values()].flatMap((group) => {
    const ordered = group.toSorted((a, b) => timeOf(a) - timeOf(b))
    const [oldest, newest] = [ordered[0], ordered.at(-1)]
    if (oldest === undefined || newest === undefined) return []
    const byValue = ordered.toSorted((a, b) => numberOf(a) - numberOf(b))
    const { quantity, unit } = oldest
    const [lowest, highest] = [byValue[0] ?? oldest, byValue.at(-1) ?? oldest]
    return [{ quantity, unit, readings: ordered, path: pathOf(ordered), lowest, highest, newest, oldest }]
  })
  return series.toSorted((a, b) => (a.quantity < b.quantity ? -1 : a.quantity > b.quantity ? 1 : 0))
}

function pathOf(readings: readonly Reading[]): string {
  const times = readings.map(timeOf)
  const values = readings.map(numberOf)
  const [from, to] = [Math.min(...times), Math.max(...times)]
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const pauses = times.slice(1).map((time, index) => time - (times[index] ?? time))
  const usual = pauses.toSorted((a, b) => a - b)[Math.floor(pauses.length / 2)] ?? 0
  const steps = readings.map((_, index) => {
    // One reading stands in the middle; values that are all equal are a line in the middle.
    const x = to === from ? 50 : (((times[index] ?? from) - from) / (to - from)) * 100
    const y = high === low ? 50 : 100 - (((values[index] ?? low) - low) / (high - low)) * 100
    const starts = index === 0 || (pauses[index - 1] ?? 0) > usual * gapFactor
    // A stroke of no length is drawn as a dot.
    return `${starts ? `M${round(x)} ${round(y)}h0` : ''}L${round(x)} ${round(y)}`
  })
  return steps.join('')
}

function round(place: number): number {
  return Math.round(place * 100) / 100
}

function timeOf(reading: Reading): number {
  return Date.parse(reading.readAt)
}

/** A value comes as a number, or as text where a number of JavaScript would lose digits. */
function numberOf({ value }: Reading): number {
  if (typeof value === 'number') return value
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
}
