import './lib/memory.ts'
import { existsSync } from 'node:fs'
import type { Agent } from './agent.ts'
import { type Command, cancel, exit, parseCommand, preview, status, sync, usage } from './cli/commands.ts'
import { complain } from './cli/terminal.ts'
import { runTokenCommand, type TokenCommand } from './cli/token.ts'
import { currentUser } from './cli/user.ts'
import {
  type Config,
  type Environment,
  parseConfig,
  readEnvironment,
  secretsOf,
  wantsDemonstration,
} from './config/environment.ts'
import { migrate, requireMigrated } from './db/migrate.ts'
import { openPool } from './db/pool.ts'
import { AgentError, ConfigError, errorCode, errorMessage } from './lib/errors.ts'
import { createLog, createRedact, type Log } from './lib/log.ts'
import { version } from './lib/version.ts'
import { openAgent, startService } from './service.ts'

/** How long an orderly stop may take before the process ends without it. */
const patience = 9_500

/** In place of the demonstration's, until it has made them: what else is wrong is told before. */
const anyDatabases = { DATABASE_URL: 'postgres://127.0.0.1/sync', CLIENT_SYSTEM_URL: 'postgres://127.0.0.1/meters' }

/** The source tree holds the demonstration; an installed package does not. */
const hasDemonstration = existsSync(new URL('./demo', import.meta.url))

/** Aborts when standard output has no reader any more. */
const output = new AbortController()
process.stdout.on('error', (error) => {
  if (output.signal.aborted) return
  complain(`Standard output is closed: ${errorMessage(error)}`)
  process.exitCode = exit.output
  output.abort()
})

const code = await main(process.argv.slice(2))
process.exitCode ??= code

async function main(args: string[]): Promise<number> {
  let command: Command
  try {
    command = parseCommand(args)
  } catch (error) {
    process.stderr.write(`${errorMessage(error)}\nmeter-sync-agent --help lists the commands and their options\n`)
    return exit.usage
  }
  try {
    return await run(command)
  } catch (error) {
    if (error instanceof ConfigError) {
      process.stderr.write(`meter-sync-agent cannot start:\n${error.errors.map((fault) => `  ${fault}\n`).join('')}`)
      return exit.configuration
    }
    const redact = createRedact(secretsOf(readEnvironment(filesOf(command.name))))
    if (error instanceof AgentError) {
      complain(redact(error.message))
      if (error.hint) complain(error.hint)
      return error.code === 'bad_request' || error.code === 'not_found' ? exit.usage : exit.failed
    }
    process.stderr.write(`meter-sync-agent cannot start: ${redact(errorMessage(error))}\n`)
    return exit.failed
  }
}

/** An assistant starts `mcp` in the folder that it works on, whose `.env` is not the administrator's. */
function filesOf(command: string): { dotEnv: boolean } {
  return { dotEnv: command !== 'mcp' }
}

async function run(command: Command): Promise<number> {
  switch (command.name) {
    case 'help':
      return print(usage)
    case 'version':
      return print(`${version}\n`)
    case 'serve':
      return await live((life) => serve(readEnvironment(), life))
    case 'migrate':
      await migrate(parseConfig(readEnvironment()).syncDatabase)
      return print('The schema of the Sync database is up to date\n')
    case 'mcp':
      return await withAgent('mcp', 'info', async (agent, { log, stops, signal, ended }) => {
        const { serveMcpStdio } = await import('./mcp/server.ts')
        const client = serveMcpStdio(agent, log, currentUser())
        stops.push(client.stop)
        if (!signal.aborted) await Promise.race([client.closed, ended])
        return exit.done
      })
    case 'sync':
      return await withAgent('sync', 'warn', (agent, { signal }) => sync(agent, command, signal))
    case 'preview':
      return await withAgent('sync', 'warn', (agent) => preview(agent, command))
    case 'cancel':
      return await withAgent('cancel', 'warn', (agent) => cancel(agent, command))
    case 'token':
      return await manageTokens(command.name, command.command)
    case 'status':
      return await withAgent('status', 'warn', (agent) => status(agent, command))
    case 'check':
      return await checkOnly(command.name)
  }
}

function print(text: string): number {
  process.stdout.write(text)
  return exit.done
}

type Life = {
  /** A stop was asked for, by a signal or by a fault of our own. */
  signal: AbortSignal
  ended: Promise<void>
  fail: (error: unknown) => void
  /** What to stop at the end, in reverse order. */
  stops: (() => Promise<void>)[]
  /** Where the end is told, once there is a log. */
  log?: Log
}

/** Lives until the work is done, or a signal asks to stop, or a fault of our own; then stops what was started. */
async function live(work: (life: Life) => Promise<number>): Promise<number> {
  const stopping = new AbortController()
  let failure: unknown = null
  const ended = new Promise<void>((done) => stopping.signal.addEventListener('abort', () => done()))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort())
  const fail = (error: unknown) => {
    failure = error
    stopping.abort()
  }
  output.signal.addEventListener('abort', () => stopping.abort())
  process.on('uncaughtException', fail)
  process.on('unhandledRejection', fail)

  // Counted from the asking: what is just being started may be what hangs.
  stopping.signal.addEventListener('abort', () => {
    const giveUp = () => {
      life.log?.error('the stop took too long; the process ends without it')
      process.exit(exit.failed)
    }
    setTimeout(giveUp, patience).unref()
  })
  const life: Life = { signal: stopping.signal, ended, fail, stops: [] }
  let code: number = exit.done
  try {
    code = await work(life)
  } catch (error) {
    // What breaks because a stop was asked for is no failure.
    if (!stopping.signal.aborted) throw error
  } finally {
    const { log, stops } = life
    const asked = stopping.signal.aborted
    stopping.abort()
    if (failure !== null) log?.fatal({ err: failure }, 'the agent met a fault of its own and stops')
    else log?.info('meter sync agent stops')
    for (const stop of stops.reverse()) await stop()
    // A connection to a server that fell silent must not keep the process.
    if (asked) setTimeout(() => process.exit(), 250).unref()
  }
  life.log?.info('meter sync agent has stopped')
  return failure === null ? code : exit.failed
}

/** Serves until a stop is asked for. */
async function serve(environment: Environment, life: Life): Promise<number> {
  let config: Config
  if (hasDemonstration && wantsDemonstration(environment)) {
    const { logLevel } = parseConfig({ ...environment, ...anyDatabases }, { demonstration: true })
    life.log = createLog({ level: logLevel, terminal: process.stdout.isTTY })
    const { startDemonstration } = await import('./demo/demonstration.ts')
    const demonstration = await startDemonstration({ directory: 'data', log: life.log })
    life.stops.push(demonstration.stop)
    demonstration.died.then((lines) => life.fail(new Error(`The demonstration's PostgreSQL ended: ${lines}`)))
    config = parseConfig({ ...environment, ...demonstration.environment }, { demonstration: true })
  } else {
    config = parseConfig(environment)
    life.log = createLog({ level: config.logLevel, terminal: process.stdout.isTTY, secrets: config.secrets })
  }
  const service = await startService({ config, log: life.log, signal: life.signal })
  life.stops.push(service.stop)
  if (!life.signal.aborted) await life.ended
  return exit.done
}

/** For a command, which needs both databases: the demonstration's can be reached by its own page and API alone. */
function readConfig(name: string): { environment: Environment; config: Config } {
  const environment = readEnvironment(filesOf(name))
  if (hasDemonstration && wantsDemonstration(environment)) {
    const missing = `${name} needs DATABASE_URL and CLIENT_SYSTEM_URL; with neither set there is only the demonstration`
    throw new ConfigError([`${missing}, which serve runs with its own page and API`])
  }
  return { environment, config: parseConfig({ ...environment, ROLE: 'api' }) }
}

/** Checks both databases without an agent: there may be no schema yet. */
async function checkOnly(name: string): Promise<number> {
  const { config } = readConfig(name)
  const { check } = await import('./cli/check.ts')
  return await live(async ({ signal }) => ((await check(config, signal)) ? exit.done : exit.failed))
}

/** Needs the rights of the schema's owner, where the agent runs under a role of its own. */
async function manageTokens(name: string, command: TokenCommand): Promise<number> {
  const { config } = readConfig(name)
  const { syncDatabase, secrets } = config
  await requireMigrated(syncDatabase)
  const log = createLog({ level: 'warn', out: process.stderr, secrets })
  const pool = openPool(syncDatabase, { application: 'meter-sync-agent token', max: 1, log })
  try {
    await runTokenCommand(pool, command)
    return exit.done
  } catch (error) {
    if (errorCode(error) !== '42501') throw error
    throw new ConfigError([
      `DATABASE_URL: its role may not manage tokens: ${errorMessage(error)}; run this as the owner of the schema`,
    ])
  } finally {
    await pool.end()
  }
}

/** A command over the agent. Its log goes to stderr: stdout is read by whoever called it. */
async function withAgent(
  name: string,
  level: string,
  work: (agent: Agent, life: Life & { log: Log }) => Promise<number>,
): Promise<number> {
  const { environment, config } = readConfig(name)
  return await live(async (life) => {
    const log = createLog({ level: environment.LOG_LEVEL ?? level, out: process.stderr, secrets: config.secrets })
    life.log = log
    const { agent, stop } = await openAgent({ config, log })
    life.stops.push(stop)
    return await work(agent, { ...life, log })
  })
}
