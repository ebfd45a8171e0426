/** The geometry of the chart of runs, apart from its drawing. Pure; heights in pixels, places in per cent of the width. */
import type { Run } from '../../../src/wire/types.ts'
import { isActive } from '../data/state.ts'

type Part = 'inserted' | 'updated' | 'deleted'

/** A piece of a bar, from the top of the plot. */
type Segment = { part: Part; y: number; height: number }

export type Bar = {
  run: Run
  /** The left edge and the width of the column that the run stands in; the bar is its middle. */
  x: number
  width: number
  segments: readonly Segment[]
  /** The changes of the run; null when it did not succeed. */
  changes: number | null
  /** How long it ran in milliseconds, and the height of that; null when it never started. */
  duration: { ms: number; height: number } | null
}

export type Chart = { bars: readonly Bar[]; lines: readonly { value: number; y: number }[]; longestMs: number }

export type Sizes = { height: number; durationHeight: number; slots: number }

/** No change, however few among many, is invisible. */
const leastHeight = 2
const parts: readonly Part[] = ['deleted', 'updated', 'inserted']

/**
 * The last runs that ended, oldest first. The height of a bar grows with the logarithm of its changes: beside a first
 * sync of a million meters, three changes must still be seen. Within a bar the parts have their true shares.
 */
export function chartOf(runs: readonly Run[], { height, durationHeight, slots }: Sizes): Chart {
  const shown = runs
    .filter((run) => !isActive(run))
    .slice(0, slots)
    .toReversed()
  const most = Math.max(10, ...shown.map((run) => changesOf(run) ?? 0))
  const durations = shown.map(durationOf)
  const longestMs = Math.max(1, ...durations.map((ms) => ms ?? 0))
  const heightOf = (value: number) => (value === 0 ? 0 : Math.max(leastHeight, (height * scale(value)) / scale(most)))
  const width = 100 / Math.max(shown.length, Math.min(slots, 12))
  const bars = shown.map((run, index): Bar => {
    const changes = changesOf(run)
    const ms = durations[index] ?? null
    return {
      run,
      x: index * width,
      width,
      segments: stack(run, heightOf(changes ?? 0), height),
      changes,
      duration: ms === null ? null : { ms, height: Math.max(1, durationHeight * Math.sqrt(ms / longestMs)) },
    }
  })
  const lines = powersOfTen(most).map((value) => ({ value, y: height - heightOf(value) }))
  return { bars, lines, longestMs }
}

function scale(value: number): number {
  return Math.log10(1 + value)
}

/** What a run changed; null when it did not succeed. Restored meters are among the updated. */
function changesOf(run: Run): number | null {
  return run.counts === null ? null : run.counts.inserted + run.counts.updated + run.counts.deleted
}

function durationOf(run: Run): number | null {
  if (run.startedAt === null || run.finishedAt === null) return null
  return Math.max(0, Date.parse(run.finishedAt) - Date.parse(run.startedAt))
}

/** The parts from the bottom up; a part that is not zero takes its least height from the largest one. */
function stack(run: Run, total: number, bottom: number): Segment[] {
  const { counts } = run
  if (counts === null || total === 0) return []
  const changes = counts.inserted + counts.updated + counts.deleted
  const present = parts.filter((part) => counts[part] > 0)
  const heights = present.map((part) => Math.max(leastHeight, (total * counts[part]) / changes))
  const excess = heights.reduce((sum, one) => sum + one, 0) - total
  const largest = heights.indexOf(Math.max(...heights))
  let y = bottom
  return present.map((part, index) => {
    const own = heights[index] ?? leastHeight
    const height = index === largest ? Math.max(leastHeight, own - excess) : own
    y -= height
    return { part, y, height }
  })
}

/** 1, 10, 100 … as far as they are reached; every second or third where they would stand too close. */
function powersOfTen(most: number): number[] {
  const count = Math.floor(Math.log10(most)) + 1
  const powers = Array.from({ length: count }, (_, power) => 10 ** power)
  const step = Math.ceil(count / 4)
  return powers.filter((_, power) => (count - 1 - power) % step === 0)
}
