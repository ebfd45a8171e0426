import { cpus, totalmem } from 'node:os'
import type { Point } from './curve.ts'
import { line } from './line.ts'
import { ways } from './otherwise.ts'
import type { Scenario, Size } from './scenarios.ts'

export type Report = {
  at: string
  machine: { cpu: string; cores: number; memory: number; platform: string; node: string }
  servers: Measured[]
}

/** What was measured on servers of one version. */
export type Measured = {
  postgres: { version: string; settings: Record<string, string> }
  sizes: (Omit<Size, 'scenarios'> & { scenarios: (Scenario & Summary)[] })[]
  /** Milliseconds from the start of a process to the end of its first run of 500 meters. */
  startToSuccess: Latencies | null
  /** Milliseconds from POST to `running` on another process's stream. */
  postToRunning: Latencies | null
  curve: { meters: number; points: Point[]; floor: number[] } | null
}

type Latencies = { tries: number[]; median: number; p95: number; maximum: number }

/** Medians in milliseconds; the ratios are medians of those within a repetition. Nothing is extrapolated. */
export type Summary = {
  repetitions: number
  floorMedian: number
  agentMedian: number
  wallMedian: number
  bytesMedian: number
  ratio: number
  againstRatio: number | null
  /** The same of the processor time of both servers. */
  processorRatio: number | null
  againstProcessorRatio: number | null
  /** Run ÷ pgloader. */
  pgloaderRatio: number | null
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
    ratio: median(ratios(scenario.agent, scenario.floor)),
    pgloaderRatio: scenario.pgloader.length === 0 ? null : agentMedian / median(scenario.pgloader),
    processorRatio: processorRatio(scenario.agent, scenario.floor),
    againstProcessorRatio: processorRatio(scenario.against, scenario.floor),
    againstRatio: scenario.against.length === 0 ? null : median(ratios(scenario.against, scenario.floor)),
  }
}

type Counted = { processorSeconds: number | null }

function processorRatio(runs: Counted[], floor: Counted[]): number | null {
  const ratios = runs.flatMap(({ processorSeconds }, at) => {
    const beside = floor[at]?.processorSeconds
    return processorSeconds === null || !beside ? [] : processorSeconds / beside
  })
  return ratios.length === 0 ? null : median(ratios)
}

type Timed = { milliseconds: number }

/** Of each repetition: what the machine does beside has then troubled both. */
function ratios(runs: Timed[], floor: Timed[]): number[] {
  return runs.map(({ milliseconds }, at) => milliseconds / (floor[at]?.milliseconds ?? Number.NaN))
}

export function summarizeLatencies(tries: number[]): Latencies {
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

/** Markdown, ready for docs/benchmarks.md. */
export function toMarkdown({ machine, servers }: Report): string {
  const machineLine = `${machine.cpu}, ${machine.cores} cores, ${megabytes(machine.memory)} MB, ${machine.platform}; Node ${machine.node.slice(1)}.`
  return [...servers.flatMap(measuredToMarkdown), machineLine].join('\n\n')
}

function measuredToMarkdown({ postgres, sizes, startToSuccess, postToRunning }: Measured): string[] {
  const settings = Object.entries(postgres.settings).map(([name, value]) => `${name} ${value}`)
  const start = startToSuccess && `Start to first success with 500 meters, ${quantiles(startToSuccess)}`
  const latency =
    postToRunning && `POST to \`running\` on the event stream of another process, ${quantiles(postToRunning)}`
  const slow = sizes.some(({ wan }) => wan)
    ? `Slow line: ${line.megabits} Mbit/s each way and ${line.roundTripMilliseconds} ms there and back, between the Client System and whoever reads it, floor or agent.`
    : null
  const heading = `PostgreSQL ${postgres.version}, two servers on the same machine (${settings.join(', ')}):`
  const all = [
    heading,
    runTable(sizes),
    ...besidePgloader(sizes),
    agentTable(sizes),
    otherwiseTable(sizes),
    start,
    latency,
    slow,
  ]
  return all.filter((part) => part !== null)
}

function quantiles({ tries, median, p95, maximum }: Latencies): string {
  return `${tries.length} tries: median **${median.toFixed(0)} ms**, 95 % ${p95.toFixed(0)} ms, longest ${maximum.toFixed(0)} ms.`
}

function runTable(sizes: Measured['sizes']): string {
  const against = sizes.some(({ agents }) => agents.length > 1)
  const rows = sizes.flatMap(({ wan, scenarios }) =>
    scenarios.map((scenario, at) => [
      at === 0 ? `${scenario.meters.toLocaleString('en')}${wan ? ', slow line' : ''}` : '',
      scenario.name,
      String(scenario.repetitions),
      seconds(scenario.floorMedian),
      seconds(scenario.agentMedian),
      `**${scenario.ratio.toFixed(2)}**`,
      ...(against ? [scenario.againstRatio?.toFixed(2) ?? ''] : []),
      scenario.processorRatio?.toFixed(2) ?? '',
      ...(against ? [scenario.againstProcessorRatio?.toFixed(2) ?? ''] : []),
      seconds(scenario.wallMedian),
      (scenario.bytesMedian / 1e6).toFixed(1),
    ]),
  )
  const before = against ? ['Against ÷ floor'] : []
  return toTable(
    [
      ...['Meters', 'Scenario', 'N', 'Floor, s', 'Run, s', 'Run ÷ floor'],
      ...before,
      'Processor time ÷ floor',
      ...before,
      ...['POST to end, s', 'Read, MB'],
    ],
    rows,
  )
}

function besidePgloader(sizes: Measured['sizes']): string[] {
  return sizes.flatMap(({ meters, scenarios }) =>
    scenarios.flatMap(({ name, pgloader, pgloaderRatio }) =>
      pgloaderRatio === null
        ? []
        : `${meters.toLocaleString('en')} meters, ${name}: pgloader ${seconds(median(pgloader))} s, run ÷ pgloader **${pgloaderRatio.toFixed(2)}**.`,
    ),
  )
}

function agentTable(sizes: Measured['sizes']): string {
  const rows = sizes.flatMap(({ meters, wan, agents }) =>
    agents.map(({ peakMemory, restMemory, firstSuccess }, at) => [
      `${meters.toLocaleString('en')}${wan ? ', slow line' : ''}`,
      at === 0 ? 'this tree' : 'against',
      seconds(firstSuccess),
      megabytes(peakMemory),
      megabytes(restMemory),
    ]),
  )
  return toTable(['Meters', 'Agent', 'Start to first success, s', 'Peak memory, MB', 'At rest, MB'], rows)
}

function otherwiseTable(sizes: Measured['sizes']): string | null {
  const rows = sizes.flatMap(({ otherwise, scenarios }) => {
    const compared = scenarios.filter(({ name }) => name !== 'first load')
    const floor = median(compared.flatMap((scenario) => scenario.floor.map(({ milliseconds }) => milliseconds)))
    return otherwise.map(({ way, meters, milliseconds, peakMemory }) => [
      meters.toLocaleString('en'),
      ways[way],
      seconds(milliseconds),
      `**${(milliseconds / floor).toFixed(1)}**`,
      megabytes(peakMemory),
    ])
  })
  if (rows.length === 0) return null
  return toTable(['Meters', 'Without a change, otherwise', 'Time, s', 'Time ÷ floor', 'Peak memory, MB'], rows)
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
