import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Counts, Phase, Run } from '../../src/wire/types.ts'
import { type AgentProcess, startAgent } from './agent.ts'
import { openLine } from './line.ts'
import { measureOtherwise, type Otherwise, type Way, ways } from './otherwise.ts'
import type { Databases, Servers } from './servers.ts'

const floorProgram = fileURLToPath(new URL('./floor.ts', import.meta.url))

/** Milliseconds of every repetition, in their order. */
export type Scenario = {
  meters: number
  name: string
  floor: Floor[]
  agent: AgentRun[]
}

type Floor = { milliseconds: number; reading: number; bytes: number; rows: number }
type AgentRun = {
  /** From `startedAt` to `finishedAt`. */
  milliseconds: number
  /** From the POST to the end on the event stream. */
  wallMilliseconds: number
  readMode: Run['readMode']
  bytes: number
  timings: Partial<Record<Phase, number>>
}

export type Size = {
  meters: number
  /** By way of a slow line. */
  wan: boolean
  scenarios: Scenario[]
  peakMemory: number | null
  otherwise: Otherwise[]
}

type Setting = {
  name: string
  /** Makes the two sides as the scenario wants them; returns what the run must have done. */
  prepare: (databases: Databases, repetition: number) => Promise<Partial<Counts>>
}

const settings: Setting[] = [
  {
    name: 'first load',
    prepare: async (databases) => {
      await databases.forget()
      return { updated: 0, unchanged: 0 }
    },
  },
  { name: 'no change', prepare: async () => ({ inserted: 0, updated: 0 }) },
  changing('0.1 % changed', 1_000),
  changing('10 % changed', 10),
]

function changing(name: string, every: number): Setting {
  return {
    name,
    prepare: async (databases, repetition) => ({
      inserted: 0,
      updated: await databases.change(every, every + repetition),
    }),
  }
}

export type SizeOptions = {
  meters: number
  repetitions: number
  /** Names of scenarios; all of them where there is none. */
  only: string[]
  wan: boolean
  /** What else is measured beside. */
  beside: Way[]
  tell: (text: string) => void
}

/**
 * One size, with an agent process of its own, since its peak of memory cannot be set back. Its start-up run loads all
 * meters and is not counted. Floor and agent take turns, and in who goes first.
 */
export async function measureSize(servers: Servers, options: SizeOptions): Promise<Size> {
  const { meters, repetitions, only, wan, beside, tell } = options
  tell(`${meters} meters: filling the databases`)
  const filled = await servers.fill(meters)
  const otherwise: Otherwise[] = []
  for (const way of beside) {
    otherwise.push(await measureOtherwise(filled, way, meters))
    tell(`${meters} meters, ${ways[way]}: ${otherwise.at(-1)?.milliseconds} ms`)
  }
  await using line = wan ? await openLine(filled.clientSystemUrl) : null
  const databases = { ...filled, clientSystemUrl: line?.url ?? filled.clientSystemUrl }
  await using agent = await startAgent(databases)
  await agent.settled()
  const scenarios: Scenario[] = []
  for (const { name, prepare } of settings.filter((one) => only.length === 0 || only.includes(one.name))) {
    const scenario: Scenario = { meters, name, floor: [], agent: [] }
    scenarios.push(scenario)
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const expected = await prepare(databases, repetition)
      await databases.settle()
      const turns = [
        async () => void scenario.floor.push(await measureFloor(databases, meters)),
        async () => void scenario.agent.push(await measureAgent(agent, { ...expected, read: meters, rejected: 0 })),
      ]
      for (const turn of repetition % 2 === 0 ? turns : turns.reverse()) await turn()
      const [floor, run] = [scenario.floor.at(-1), scenario.agent.at(-1)]
      tell(
        `${meters} meters${wan ? ', slow line' : ''}, ${name}, ${repetition + 1} of ${repetitions}: floor ${floor?.milliseconds} ms, agent ${run?.milliseconds} ms, ${run?.readMode} ${JSON.stringify(run?.timings)}`,
      )
    }
  }
  return { meters, wan, scenarios, peakMemory: agent.peakMemory(), otherwise }
}

export type Point = { changed: number; milliseconds: number[]; readMode: Run['readMode'] }

/** What a run costs by how many meters have changed, and what the floor costs meanwhile. */
export async function measureCurve(
  servers: Servers,
  { meters, repetitions, tell }: { meters: number; repetitions: number; tell: (text: string) => void },
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
    floor.push((await measureFloor(databases, meters)).milliseconds)
    tell(`${meters} meters, ${changed} changed: ${point.milliseconds} ms, ${point.readMode}; floor ${floor.at(-1)} ms`)
  }
  return { meters, points, floor }
}

async function measureFloor(databases: Databases, meters: number): Promise<Floor> {
  const { stdout } = await promisify(execFile)(process.execPath, [floorProgram], {
    env: {
      PATH: process.env.PATH,
      CLIENT_SYSTEM_URL: databases.clientSystemUrl,
      DATABASE_URL: databases.floorUrl,
    },
  })
  const floor: Floor = JSON.parse(stdout)
  if (floor.rows !== meters) throw new Error(`The floor joined ${floor.rows} rows instead of ${meters}`)
  return floor
}

async function measureAgent(agent: AgentProcess, expected: Partial<Counts>): Promise<AgentRun> {
  const { run, wallMilliseconds } = await agent.sync()
  for (const [name, count] of Object.entries(expected)) {
    const found = Object.entries(run.counts ?? {}).find(([counted]) => counted === name)?.[1]
    if (found !== count) throw new Error(`A run has ${name} ${found} instead of ${count}`)
  }
  return {
    milliseconds: Date.parse(run.finishedAt ?? '') - Date.parse(run.startedAt ?? ''),
    wallMilliseconds,
    readMode: run.readMode,
    bytes: run.bytesRead ?? 0,
    timings: run.timings ?? {},
  }
}
