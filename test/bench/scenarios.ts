import { execFile } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Counts, Phase, Run } from '../../src/wire/types.ts'
import { type AgentProcess, project, startAgent } from './agent.ts'
import { openLine } from './line.ts'
import { measureOtherwise, type Otherwise, type Way, ways } from './otherwise.ts'
import { hasPgloader, measurePgloader } from './pgloader.ts'
import type { Databases, Servers } from './servers.ts'

const floorProgram = fileURLToPath(new URL('./floor.ts', import.meta.url))

/** Milliseconds of every repetition, in their order. */
export type Scenario = {
  meters: number
  name: string
  floor: Floor[]
  agent: AgentRun[]
  /** The other source tree, where there is one. */
  against: AgentRun[]
  /** Milliseconds of pgloader, for a first load where the machine has it. */
  pgloader: number[]
}

type Floor = { milliseconds: number; reading: number; bytes: number; rows: number; processorSeconds: number | null }
type AgentRun = {
  /** From `startedAt` to `finishedAt`. */
  milliseconds: number
  /** From the POST to the end on the event stream. */
  wallMilliseconds: number
  readMode: Run['readMode']
  bytes: number
  /** Of both servers. */
  processorSeconds: number | null
  timings: Partial<Record<Phase, number>>
}

export type Size = {
  meters: number
  /** By way of a slow line. */
  wan: boolean
  scenarios: Scenario[]
  /** Of each source tree, this one first: its memory, the peak over all scenarios and at rest after them, and its first run. */
  agents: { peakMemory: number | null; restMemory: number | null; firstSuccess: number }[]
  otherwise: Otherwise[]
}

type Setting = {
  name: string
  floor: 'compare' | 'load'
  full?: boolean
  /** Makes the two sides as the scenario wants them; returns what the run must have done. */
  prepare: (databases: Databases, repetition: number) => Promise<Partial<Counts>>
}

const settings: Setting[] = [
  {
    name: 'first load',
    floor: 'load',
    prepare: async (databases) => {
      await databases.forget()
      return { updated: 0, unchanged: 0 }
    },
  },
  { name: 'no change', floor: 'compare', prepare: async () => ({ inserted: 0, updated: 0 }) },
  changing('0.1 % changed', 1_000),
  changing('1 % changed', 100),
  changing('10 % changed', 10),
  { name: 'full read', floor: 'compare', full: true, prepare: async () => ({ inserted: 0, updated: 0 }) },
]

function changing(name: string, every: number): Setting {
  return {
    name,
    floor: 'compare',
    prepare: async (databases, repetition) => ({
      inserted: 0,
      updated: await databases.change(every, every + repetition),
    }),
  }
}

/** How long agents do nothing before their memory is taken as that at rest. */
const restMilliseconds = 20_000

export type SizeOptions = {
  meters: number
  repetitions: number
  /** Names of scenarios; all of them where there is none. */
  only: string[]
  wan: boolean
  /** What else is measured beside. */
  beside: Way[]
  /** Another source tree, measured in turns with this one. */
  against: string | null
  log: (text: string) => void
}

/**
 * One size, with an agent process of its own, since its peak of memory cannot be set back. Its start-up run loads all
 * meters and is not counted. Floor and agents take turns, and in who goes first.
 */
export async function measureSize(servers: Servers, options: SizeOptions): Promise<Size> {
  const { meters, only, wan, beside, against, log } = options
  log(`${meters} meters: filling the databases`)
  const trees = against === null ? [project] : [project, against]
  const filled = await servers.fill(meters, trees.length)
  const otherwise: Otherwise[] = []
  for (const way of beside) {
    otherwise.push(await measureOtherwise(filled, way, meters))
    log(`${meters} meters, ${ways[way]}: ${otherwise.at(-1)?.milliseconds} ms`)
  }
  await using line = wan ? await openLine(filled.clientSystemUrl) : null
  const databases = { ...filled, clientSystemUrl: line?.url ?? filled.clientSystemUrl }
  await using stack = new AsyncDisposableStack()
  const agents: AgentProcess[] = []
  const firsts: number[] = []
  for (const [at, tree] of trees.entries()) {
    const agent = stack.use(await startAgent({ ...databases, syncUrl: databases.syncUrls[at] ?? '' }, { tree }))
    agents.push(agent)
    firsts.push(await agent.firstSuccess())
  }
  const scenarios: Scenario[] = []
  for (const setting of settings.filter(({ name }) => only.length === 0 || only.includes(name))) {
    scenarios.push(await measureScenario(setting, { servers, databases, agents }, options))
  }
  await pause(restMilliseconds)
  return {
    meters,
    wan,
    scenarios,
    agents: agents.map((agent, at) => ({
      peakMemory: agent.peakMemory(),
      restMemory: agent.memory(),
      firstSuccess: firsts[at] ?? Number.NaN,
    })),
    otherwise,
  }
}

async function measureScenario(
  { name, floor, full, prepare }: Setting,
  { servers, databases, agents }: { servers: Servers; databases: Databases; agents: AgentProcess[] },
  { meters, repetitions, wan, log }: SizeOptions,
): Promise<Scenario> {
  const scenario: Scenario = { meters, name, floor: [], agent: [], against: [], pgloader: [] }
  const lists = [scenario.agent, scenario.against]
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const expected = { ...(await prepare(databases, repetition)), read: meters, rejected: 0 }
    const turns = [
      async () => void scenario.floor.push(await counting(servers, () => measureFloor(databases, floor, meters))),
      ...agents.map(
        (agent, at) => async () =>
          void lists[at]?.push(await counting(servers, () => measureAgent(agent, expected, { full: full === true }))),
      ),
    ]
    if (floor === 'load' && (await hasPgloader())) {
      turns.push(async () => {
        const milliseconds = await measurePgloader(databases.clientSystemUrl, await databases.empty())
        if (milliseconds === null) log('pgloader failed')
        else scenario.pgloader.push(milliseconds)
      })
    }
    for (const turn of [...turns.slice(repetition % turns.length), ...turns.slice(0, repetition % turns.length)]) {
      await databases.settle()
      await turn()
    }
    const runs = lists.flatMap((list) => list.at(-1) ?? [])
    const measured = runs.map(
      (run) =>
        `${run.milliseconds} ms, processor ${run.processorSeconds} s, ${run.readMode} ${JSON.stringify(run.timings)}`,
    )
    log(
      `${meters} meters${wan ? ', slow line' : ''}, ${name}, ${repetition + 1} of ${repetitions}: floor ${scenario.floor.at(-1)?.milliseconds} ms, processor ${scenario.floor.at(-1)?.processorSeconds} s, agent ${measured.join('; against ')}`,
    )
  }
  return scenario
}

/** Adds what the servers have spent on it. */
async function counting<T>(
  servers: Servers,
  measure: () => Promise<T>,
): Promise<T & { processorSeconds: number | null }> {
  const before = servers.processorSeconds()
  const measured = await measure()
  const after = servers.processorSeconds()
  return {
    ...measured,
    processorSeconds: before === null || after === null ? null : Math.round((after - before) * 100) / 100,
  }
}

export async function measureFloor(
  databases: Databases,
  task: Setting['floor'],
  meters: number,
): Promise<Omit<Floor, 'processorSeconds'>> {
  const { stdout } = await promisify(execFile)(process.execPath, [floorProgram, task], {
    env: {
      PATH: process.env.PATH,
      CLIENT_SYSTEM_URL: databases.clientSystemUrl,
      DATABASE_URL: databases.floorUrl,
    },
  })
  const floor: Omit<Floor, 'processorSeconds'> = JSON.parse(stdout)
  if (floor.rows !== meters) throw new Error(`The floor saw ${floor.rows} rows instead of ${meters}`)
  return floor
}

export async function measureAgent(
  agent: AgentProcess,
  expected: Partial<Counts>,
  request = { full: false },
): Promise<Omit<AgentRun, 'processorSeconds'>> {
  const { run, wallMilliseconds } = await agent.sync(request)
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
