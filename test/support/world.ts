import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { pino } from 'pino'
import { type Environment, parseConfig } from '../../src/config/environment.ts'
import { startPostgres } from '../../src/demo/postgres.ts'
import { redactLine } from '../../src/lib/log.ts'
import { createRedact } from '../../src/lib/redact.ts'
import { type ServiceOptions, startService } from '../../src/service.ts'
import type { Run, Status } from '../../src/wire/types.ts'
import { inherited } from './command.ts'
import { createDataFolder } from './data-folder.ts'
import { openStream } from './stream.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))

/** A database that only this test uses. */
export type Database = {
  url: string
  name: string
  query: <Row extends pg.QueryResultRow = Record<string, unknown>>(text: string, values?: unknown[]) => Promise<Row[]>
  /** Opens a separate connection, which ends when the test ends. */
  connect: () => Promise<pg.Client>
  /** Opens a separate pool of one connection, which ends when the test ends. */
  pool: () => pg.Pool
  /** Runs a statement on a separate connection. The connection and its locks stay until the returned function is called. */
  hold: (text: string) => Promise<() => Promise<void>>
}

export type LogLine = Record<string, unknown> & { msg: string; level: string }

/** An agent, in this process or in a separate one. */
export type TestAgent = {
  url: string
  log: LogLine[]
  api: <Body = unknown>(path: string, init?: RequestInit) => Promise<{ status: number; headers: Headers; body: Body }>
  /** Waits until no run is active and a run has finished; returns the last one. */
  settled: () => Promise<Run>
  /** Triggers a run over HTTP and waits for its end. */
  sync: (body?: object) => Promise<Run>
  status: () => Promise<Status>
  stop: () => Promise<void>
}

export type AgentProcess = TestAgent & {
  pid: number
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  kill: (signal: NodeJS.Signals) => void
}

export type World = {
  source: Database
  sync: Database
  environment: (overrides?: Environment) => Environment
  /** Starts the agent in the process of the test, for tests that need no process of their own. Everything else is real. */
  agent: (overrides?: Environment, options?: AgentOptions) => Promise<TestAgent>
  /** Registers a function that runs when the test ends, before the databases are dropped. */
  after: (end: () => Promise<unknown>) => void
  /** Starts `node src/main.ts`, or another installation of the program, in a separate process. */
  process: (overrides?: Environment, program?: Program) => Promise<AgentProcess>
}

/** With `demonstration` the agent reports that its databases are those of the demonstration. */
type AgentOptions = Pick<ServiceOptions, 'clock' | 'signal'> & { demonstration?: boolean }

type Version = 18 | 15

/** What starts the agent: its file for Node.js, by default this project's, and by default the Node.js of the tests. */
export type Program = { main: string; node?: string; cwd?: string }

/** Creates two databases on servers of these versions. Everything is removed when the test ends. */
export async function createWorld(t: TestContext, versions: { source?: Version; sync?: Version } = {}): Promise<World> {
  const ends: (() => Promise<void>)[] = []
  t.after(async () => {
    for (const end of ends.reverse()) await end()
  })
  const [source, sync] = await Promise.all([
    createDatabase(versions.source ?? 18, null, ends),
    createDatabase(versions.sync ?? 18, 'sync_template', ends),
  ])
  const schedule = hourlyInHalfAnHour()
  const environment = (overrides: Environment = {}): Environment => ({
    DATABASE_URL: sync.url,
    CLIENT_SYSTEM_URL: source.url,
    PORT: '0',
    SYNC_CRON: schedule,
    LOG_LEVEL: 'debug',
    ...overrides,
  })
  return {
    source,
    sync,
    environment,
    agent: async (overrides, { demonstration, ...options } = {}) => {
      const log: LogLine[] = []
      const config = parseConfig(environment(overrides), { demonstration })
      const redact = createRedact(config.secrets)
      const write = (line: string) => void log.push(JSON.parse(redactLine(line, redact)))
      const logger = pino({ level: 'debug', formatters: { level: (level) => ({ level }) } }, { write })
      const service = await startService({ config, log: logger, ...options })
      ends.push(service.stop)
      return createClient(service.url, log, service.stop)
    },
    after: (end) => {
      ends.push(async () => void (await end()))
    },
    process: async (overrides, program) => {
      const agent = await spawnAgent(environment(overrides), program)
      ends.push(agent.stop)
      return agent
    },
  }
}

/**
 * Returns an hourly schedule whose next time is in half an hour, so that no scheduled run disturbs a test. Called once for
 * each world, so that its agents have the same schedule also when a minute ends between their starts.
 */
function hourlyInHalfAnHour(): string {
  return `${(new Date().getUTCMinutes() + 30) % 60} * * * *`
}

/** The connections that create and drop databases. Opening one for each statement took longer than the statements. */
const administrators = new Map<string, pg.Pool>()

async function administer(server: string, statement: string): Promise<void> {
  let pool = administrators.get(server)
  if (!pool) {
    pool = new pg.Pool({ connectionString: server, max: 4, allowExitOnIdle: true })
    pool.on('error', () => undefined)
    administrators.set(server, pool)
  }
  await pool.query(statement)
}

async function createDatabase(
  version: Version,
  template: string | null,
  ends: (() => Promise<void>)[],
): Promise<Database> {
  const server = process.env[`TEST_POSTGRES_${version}`]
  if (!server) throw new Error('The test servers are not up: run the tests with npm test')
  const name = `test_${randomBytes(6).toString('hex')}`
  const admin = (statement: string) => administer(server, statement)
  // Copying the files takes half to two thirds of the processor time of writing the pages to the log.
  await admin(`create database ${name} template ${template ?? 'template0'} strategy file_copy`)
  ends.push(() => admin(`drop database if exists ${name} with (force)`))
  const url = new URL(server)
  url.pathname = name
  const openPool = (max: number) => {
    const pool = new pg.Pool({ connectionString: url.href, max })
    // A pool ends before the server has closed its connections. Dropping the database may end one of them with an error.
    pool.on('error', () => undefined)
    ends.push(() => pool.end())
    return pool
  }
  const pool = openPool(4)
  const connect = async () => {
    const client = new pg.Client(url.href)
    client.on('error', () => undefined)
    ends.push(() => client.end())
    await client.connect()
    return client
  }
  const hold = async (text: string) => {
    const client = await connect()
    await client.query(text)
    return () => client.end()
  }
  return {
    url: url.href,
    name,
    connect,
    pool: () => openPool(1),
    hold,
    query: async (text, values) => (await pool.query(text, values)).rows,
  }
}

function createClient(url: string, log: LogLine[], stop: () => Promise<void>): TestAgent {
  const api: TestAgent['api'] = async <Body>(path: string, init?: RequestInit) => {
    const response = await fetch(`${url}${path}`, init)
    const text = await response.text()
    const json = response.headers.get('content-type')?.includes('json')
    const body: Body = json ? JSON.parse(text) : text
    return { status: response.status, headers: response.headers, body }
  }
  const ended = async (wanted: (run: Run) => boolean): Promise<Run> => {
    await using stream = await openStream(`${url}/api/events`)
    for await (const event of stream) {
      const runs =
        event.type === 'status'
          ? event.data.clientSystems.flatMap(({ activeRun, lastRun }) => (activeRun ? [] : (lastRun ?? [])))
          : []
      if (event.type === 'run') runs.push(event.data)
      const run = runs.find((candidate) => candidate.finishedAt !== null && wanted(candidate))
      if (run) return run
    }
    throw new Error('The event stream ended before the run did')
  }
  return {
    url,
    log,
    api,
    settled: () => ended(() => true),
    sync: async (body) => {
      const { status, body: answer } = await api<{ run: Run }>('/api/sync', {
        method: 'POST',
        ...(body && { body: JSON.stringify(body) }),
      })
      if (status !== 202) throw new Error(`POST /api/sync answered ${status}: ${JSON.stringify(answer)}`)
      return await ended((run) => run.id === answer.run.id)
    },
    status: async () => (await api<Status>('/api/status')).body,
    stop,
  }
}

async function spawnAgent(
  environment: Environment,
  { main, node = process.execPath, cwd = project }: Program = { main: 'src/main.ts' },
): Promise<AgentProcess> {
  const child = spawn(node, [main], {
    cwd,
    env: { ...inherited, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const log: LogLine[] = []
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((done) => {
    child.once('exit', (code, signal) => done({ code, signal }))
  })
  const url = await new Promise<string>((up, failed) => {
    let stderr = ''
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    exited.then(({ code }) => failed(new Error(`The agent exited with ${code}: ${stderr}`)))
    readLines(child, (line) => {
      log.push(line)
      if (typeof line.url === 'string') up(line.url)
    })
  })
  const stop = async () => {
    child.kill('SIGCONT')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 12_000)
    await exited
    clearTimeout(timer)
  }
  return { ...createClient(url, log, stop), pid: child.pid ?? 0, exited, kill: (signal) => void child.kill(signal) }
}

function readLines(child: ChildProcess, onLine: (line: LogLine) => void): void {
  let rest = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(JSON.parse(line))
  })
}

/** Repeats a check until it returns something, for changes without an event. Throws after `milliseconds`. */
export async function eventually<T>(
  check: () => Promise<T | false | null | undefined>,
  milliseconds = 10_000,
): Promise<T> {
  const deadline = performance.now() + milliseconds
  for (;;) {
    const answer = await check()
    if (answer !== false && answer !== null && answer !== undefined) return answer
    if (performance.now() > deadline) throw new Error(`It did not come true within ${milliseconds} ms: ${check}`)
    await new Promise((done) => setTimeout(done, 20))
  }
}

/** Waits for the line of a log whose message is or contains this text, and returns it. */
export async function findLogged(
  { log }: Pick<TestAgent, 'log'>,
  text: string,
  milliseconds?: number,
): Promise<LogLine> {
  return await eventually(async () => log.find(({ msg }) => msg.includes(text)), milliseconds)
}

/** Starts a server that only this test uses and that it can stop and start, with an empty database. */
export async function createServer(t: TestContext) {
  const directory = createDataFolder('meter-sync-server-')
  const cluster = join(directory, 'cluster')
  let server = await startPostgres({ directory: cluster })
  const { port } = server
  t.after(async () => {
    await server.stop('immediate')
    rmSync(directory, { recursive: true, force: true })
  })
  const admin = new pg.Client(server.url('postgres'))
  await admin.connect()
  await admin.query('create database sync')
  await admin.end()
  return {
    url: server.url('sync'),
    stop: (mode: 'fast' | 'immediate') => server.stop(mode),
    start: async () => {
      server = await startPostgres({ directory: cluster, port })
    },
  }
}
