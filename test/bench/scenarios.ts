import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Counts, Phase, Run } from '../../src/events.ts'
import { type AgentProcess, startAgent } from './agent.ts'
import type { Databases, Servers } from './servers.ts'

const floorProgram = fileURLToPath(new URL('floor.ts', import.meta.url))

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

export type Size = { meters: number; scenarios: Scenario[]; peakMemory: number | null }

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

/**
 * One size, with an agent process of its own, since its peak of memory cannot be set back. Its start-up run loads all
 * meters and is not counted. Floor and agent take turns, and in who goes first.
 */
export async function measureSize(
  servers: Servers,
  { meters, repetitions, tell }: { meters: number; repetitions: number; tell: (text: string) => void },
): Promise<Size> {
  tell(`${meters} meters: filling the databases`)
  const databases = await servers.fill(meters)
  await using agent = await startAgent(databases)
  await agent.settled()
  const scenarios: Scenario[] = []
  for (const { name, prepare } of settings) {
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
      tell(
        `${meters} meters, ${name}, ${repetition + 1} of ${repetitions}: floor ${scenario.floor.at(-1)?.milliseconds} ms, agent ${scenario.agent.at(-1)?.milliseconds} ms ${JSON.stringify(scenario.agent.at(-1)?.timings)}`,
      )
    }
  }
  return { meters, scenarios, peakMemory: agent.peakMemory() }
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
