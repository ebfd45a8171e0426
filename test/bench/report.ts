import { cpus, totalmem } from 'node:os'
import { line } from './line.ts'
import { ways } from './otherwise.ts'
import type { Point, Scenario, Size } from './scenarios.ts'

export type Report = {
  at: string
  machine: { cpu: string; cores: number; memory: number; platform: string; node: string }
  postgres: { version: string; settings: Record<string, string> }
  sizes: (Omit<Size, 'scenarios'> & { scenarios: (Scenario & Summary)[] })[]
  /** Milliseconds from POST to `running` on another process's stream. */
  postToRunning: { tries: number[]; median: number; p95: number; maximum: number } | null
  curve: { meters: number; points: Point[]; floor: number[] } | null
}

/** Medians in milliseconds, and their ratios; nothing is extrapolated. */
export type Summary = {
  repetitions: number
  floorMedian: number
  agentMedian: number
  wallMedian: number
  bytesMedian: number
  ratio: number
  wallRatio: number
}

export function summarize(scenario: Scenario): Scenario & Summary {
  const floorMedian = median(scenario.floor.map(({ milliseconds }) => milliseconds))
  const agentMedian = median(scenario.agent.map(({ milliseconds }) => milliseconds))
  const wallMedian = median(scenario.agent.map(({ wallMilliseconds }) => wallMilliseconds))
  return {
    ...scenario,
    repetitions: scenario.agent.length,
    floorMedian,
    agentMedian,
    wallMedian,
    bytesMedian: median(scenario.agent.map(({ bytes }) => bytes)),
    ratio: agentMedian / floorMedian,
    wallRatio: wallMedian / floorMedian,
  }
}

export function summarizeLatencies(tries: number[]): NonNullable<Report['postToRunning']> {
  return { tries, median: median(tries), p95: quantile(tries, 0.95), maximum: Math.max(...tries) }
}

export function describeMachine(): Report['machine'] {
  const cores = cpus()
  return {
    cpu: cores[0]?.model ?? 'unknown',
    cores: cores.length,
    memory: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
  }
}

/** Markdown, ready for the README. */
export function toMarkdown({ machine, postgres, sizes, postToRunning }: Report): string {
  const rows = sizes.flatMap(({ wan, scenarios, peakMemory }) =>
    scenarios.map((scenario, at) => [
      at === 0 ? `${scenario.meters.toLocaleString('en')}${wan ? ', slow line' : ''}` : '',
      scenario.name,
      String(scenario.repetitions),
      seconds(scenario.floorMedian),
      seconds(scenario.agentMedian),
      `**${scenario.ratio.toFixed(2)}**`,
      seconds(scenario.wallMedian),
      (scenario.bytesMedian / 1e6).toFixed(1),
      at === 0 ? megabytes(peakMemory) : '',
    ]),
  )
  const table = toTable(
    ['Meters', 'Scenario', 'N', 'Floor, s', 'Run, s', 'Run ÷ floor', 'POST to end, s', 'Read, MB', 'Peak memory, MB'],
    rows,
  )
  const beside = sizes.flatMap(({ otherwise, scenarios }) => {
    const floor = median(scenarios.flatMap((scenario) => scenario.floor.map(({ milliseconds }) => milliseconds)))
    return otherwise.map(({ way, meters, milliseconds, peakMemory }) => [
      meters.toLocaleString('en'),
      ways[way],
      seconds(milliseconds),
      `**${(milliseconds / floor).toFixed(1)}**`,
      megabytes(peakMemory),
    ])
  })
  const otherwise =
    beside.length === 0
      ? null
      : toTable(['Meters', 'Without a change, otherwise', 'Time, s', 'Time ÷ floor', 'Peak memory, MB'], beside)
  const settings = Object.entries(postgres.settings).map(([name, value]) => `${name} ${value}`)
  const machineLine = `${machine.cpu}, ${machine.cores} cores, ${megabytes(machine.memory)} MB, ${machine.platform}; Node ${machine.node.slice(1)}; two servers of PostgreSQL ${postgres.version} on the same machine (${settings.join(', ')}).`
  const notes = [
    'Medians of N repetitions. Floor: a minimal program, in a process of its own, pipes the binary COPY of the same meters into a temporary table and full-joins it there with an equal local table; measured in turns with the agent. Run: from `startedAt` to `finishedAt`. Peak memory: VmHWM of the agent’s process over all scenarios of a size.',
  ]
  if (sizes.some(({ wan }) => wan)) {
    notes.push(
      `Slow line: ${line.megabits} Mbit/s each way and ${line.roundTripMilliseconds} ms there and back, between the Client System and whoever reads it, floor or agent.`,
    )
  }
  const latency =
    postToRunning &&
    `POST to \`running\` on the event stream of another process, ${postToRunning.tries.length} tries: median **${postToRunning.median.toFixed(0)} ms**, 95 % ${postToRunning.p95.toFixed(0)} ms, longest ${postToRunning.maximum.toFixed(0)} ms.`
  return [table, otherwise, latency, machineLine, ...notes].filter((part) => part !== null).join('\n\n')
}

function toTable(head: string[], rows: string[][]): string {
  const alignment = head.map((_, at) => (at === 1 ? ':--' : '--:'))
  return [head, alignment, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** The smallest value that at least this share of the values does not exceed. */
export function quantile(values: number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? Number.NaN
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(milliseconds < 10_000 ? 2 : 1)
}

function megabytes(bytes: number | null): string {
  return bytes === null ? 'unknown' : (bytes / 1e6).toFixed(0)
}
