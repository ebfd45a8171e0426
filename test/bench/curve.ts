import type { Run } from '../../src/wire/types.ts'
import { startAgent } from './agent.ts'
import { type Measured, median } from './report.ts'
import { measureAgent, measureFloor } from './scenarios.ts'
import type { Servers } from './servers.ts'

const width = 720
const height = 360
const plot = { left: 64, right: 48, top: 48, bottom: 56 }

/** Time by the number of changed meters, both logarithmic, as an SVG that reads in light and dark. */
export function drawCurve({ meters, points, floor }: NonNullable<Measured['curve']>): string {
  const measured = points.map(({ changed, milliseconds, readMode }) => ({
    changed,
    readMode,
    seconds: median(milliseconds) / 1_000,
  }))
  const floorSeconds = median(floor) / 1_000
  const times = [...measured.map(({ seconds }) => seconds), floorSeconds]
  // Room for what is written under the lowest point and above the highest.
  const [lowest, highest] = [
    Math.floor(Math.log10(Math.min(...times) / 2)),
    Math.ceil(Math.log10(Math.max(...times) * 1.2)),
  ]
  const x = (changed: number) =>
    round(plot.left + (Math.log10(changed) / Math.log10(meters)) * (width - plot.left - plot.right))
  const y = (seconds: number) =>
    round(
      height - plot.bottom - ((Math.log10(seconds) - lowest) / (highest - lowest)) * (height - plot.top - plot.bottom),
    )
  const ticks = Array.from({ length: highest - lowest + 1 }, (_, at) => 10 ** (lowest + at))
  const path = measured.map(({ changed, seconds }) => `${x(changed)},${y(seconds)}`).join(' ')
  const title = `Seconds of a run by how many of ${meters.toLocaleString('en')} meters have changed`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
<style>
  text { font: 13px system-ui, sans-serif; fill: #52606d }
  .title { font-weight: 600; fill: #14202b }
  .ground { fill: #ffffff }
  .grid { stroke: #dfe4ea }
  .floor { stroke: #8a96a3; stroke-dasharray: 5 4 }
  .run { fill: none; stroke: #1a5fb4; stroke-width: 2.5 }
  .point { fill: #1a5fb4 }
  @media (prefers-color-scheme: dark) {
    text { fill: #9aa8b6 }
    .title { fill: #e6ecf2 }
    .ground { fill: #151b22 }
    .grid { stroke: #29323c }
    .floor { stroke: #667483 }
    .run { stroke: #7db8ff }
    .point { fill: #7db8ff }
  }
</style>
<rect class="ground" width="${width}" height="${height}" rx="8"/>
<text class="title" x="${plot.left}" y="28">${title}</text>
${ticks.map((tick) => `<line class="grid" x1="${plot.left}" x2="${width - plot.right}" y1="${y(tick)}" y2="${y(tick)}"/><text x="${plot.left - 8}" y="${y(tick) + 4}" text-anchor="end">${tick} s</text>`).join('\n')}
${measured.map(({ changed }) => `<text x="${x(changed)}" y="${height - plot.bottom + 22}" text-anchor="middle">${changed.toLocaleString('en')}</text>`).join('\n')}
<text x="${width - plot.right}" y="${height - 12}" text-anchor="end">changed meters</text>
<line class="floor" x1="${plot.left}" x2="${width - plot.right}" y1="${y(floorSeconds)}" y2="${y(floorSeconds)}"/>
<text x="${plot.left + 4}" y="${y(floorSeconds) - 8}">floor: everything piped, joined and compared, ${floorSeconds.toFixed(1)} s</text>
<polyline class="run" points="${path}"/>
${measured.map(({ changed, seconds, readMode }) => `<circle class="point" cx="${x(changed)}" cy="${y(seconds)}" r="4"><title>${changed.toLocaleString('en')} changed: ${seconds.toFixed(2)} s, read ${readMode === 'full' ? 'in full' : 'narrowly'}</title></circle><text x="${x(changed)}" y="${y(seconds) + (seconds > floorSeconds ? -10 : 20)}" text-anchor="middle">${seconds.toFixed(1)} s</text>`).join('\n')}
</svg>
`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

export type Point = { changed: number; milliseconds: number[]; readMode: Run['readMode'] }

/** What a run costs by how many meters have changed, and what the floor costs meanwhile. */
export async function measureCurve(
  servers: Servers,
  { meters, repetitions, log }: { meters: number; repetitions: number; log: (text: string) => void },
): Promise<{ meters: number; points: Point[]; floor: number[] }> {
  const databases = await servers.fill(meters)
  await using agent = await startAgent(databases)
  await agent.settled()
  const points: Point[] = []
  const floor: number[] = []
  for (let changed = 1; changed <= meters; changed *= 10) {
    const point: Point = { changed, milliseconds: [], readMode: null }
    points.push(point)
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const updated = await databases.change(meters / changed, meters / changed + repetition)
      await databases.settle()
      const run = await measureAgent(agent, { updated, read: meters, rejected: 0 })
      point.milliseconds.push(run.milliseconds)
      point.readMode = run.readMode
    }
    floor.push((await measureFloor(databases, 'compare', meters)).milliseconds)
    log(`${meters} meters, ${changed} changed: ${point.milliseconds} ms, ${point.readMode}; floor ${floor.at(-1)} ms`)
  }
  return { meters, points, floor }
}
