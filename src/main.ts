import './lib/memory.ts'
import { existsSync } from 'node:fs'
import type { Agent } from './agent.ts'
import { testAlerts } from './cli/alerts.ts'
import { type Command, parseCommand } from './cli/arguments.ts'
import { cancel } from './cli/cancel.ts'
import { exitStatus } from './cli/exit-status.ts'
import { printError } from './cli/output.ts'
import { preview } from './cli/preview.ts'
import { type ProcessContext, runUntilStopped, watchStdout } from './cli/process.ts'
import { status } from './cli/status.ts'
import { sync } from './cli/sync.ts'
import { runTokenCommand, type TokenCommand } from './cli/token.ts'
import { usage } from './cli/usage.ts'
import { currentUser } from './cli/user.ts'
import {
  type Config,
  type Environment,
  parseConfig,
  readEnvironment,
  wantsDemonstration,
} from './config/environment.ts'
import { secretsOf } from './config/secrets.ts'
import { migrate, requireMigrated } from './db/migrate.ts'
import { openPool } from './db/pool.ts'
import { AgentError, ConfigError, errorCode, errorMessage } from './lib/errors.ts'
import { createLog, createRedact, type Log } from './lib/log.ts'
import { version } from './lib/version.ts'
import { openAgent, startService } from './service.ts'

/** Stand in for the databases of the demonstration until it has created them, so that other errors are reported before. */
const placeholderUrls = { DATABASE_URL: 'postgres://127.0.0.1/sync', CLIENT_SYSTEM_URL: 'postgres://127.0.0.1/meters' }

/** True in the source tree, which has the demonstration; an installed package does not. */
const hasDemonstration = existsSync(new URL('./demo', import.meta.url))

watchStdout()
main(process.argv.slice(2)).then((code) => {
  process.exitCode ??= code
})

async function main(args: string[]): Promise<number> {
  let command: Command
  try {
    command = parseCommand(args)
  } catch (error) {
    process.stderr.write(`${errorMessage(error)}\nmeter-sync-agent --help lists the commands and their options\n`)
    return exitStatus.usage
  }
  try {
    return await run(command)
  } catch (error) {
    return reportError(error, command)
  }
}

/** Prints an error of a command without secrets and returns its exit status. */
function reportError(error: unknown, command: Command): number {
  if (error instanceof ConfigError) {
    process.stderr.write(`meter-sync-agent cannot start:\n${error.errors.map((line) => `  ${line}\n`).join('')}`)
    return exitStatus.configuration
  }
  const redact = createRedact(secretsOf(readEnvironment(readOptions(command.name))))
  if (error instanceof AgentError) {
    printError(redact(error.message))
    if (error.hint) printError(error.hint)
    return error.code === 'bad_request' || error.code === 'not_found' ? exitStatus.usage : exitStatus.failed
  }
  process.stderr.write(`meter-sync-agent cannot start: ${redact(errorMessage(error))}\n`)
  return exitStatus.failed
}

/** Returns whether a command reads `.env`. An assistant starts `mcp` in a directory whose `.env` is not the administrator's. */
function readOptions(command: string): { dotEnv: boolean } {
  return { dotEnv: command !== 'mcp' }
}

async function run(command: Command): Promise<number> {
  switch (command.name) {
    case 'help':
      return print(usage)
    case 'version':
      return print(`${version}\n`)
    case 'serve':
      return await runUntilStopped((context) => serve(readEnvironment(), context))
    case 'migrate':
      return await migrateSchema()
    case 'mcp':
      return await withAgent('mcp', 'info', serveAssistant)
    case 'sync':
      return await withAgent('sync', 'warn', (agent, { signal }) => sync(agent, command, signal))
    case 'preview':
      return await withAgent('sync', 'warn', (agent) => preview(agent, command))
    case 'cancel':
      return await withAgent('cancel', 'warn', (agent) => cancel(agent, command))
    case 'alerts':
      return await withAgent('alerts', 'error', (agent) => testAlerts(agent, command))
    case 'token':
      return await manageTokens(command.name, command.command)
    case 'status':
      return await withAgent('status', 'warn', (agent) => status(agent, command))
    case 'check':
      return await runCheck(command.name)
  }
}

async function migrateSchema(): Promise<number> {
  const missingIndex = await migrate(parseConfig(readEnvironment()).syncDatabase)
  if (missingIndex) printError(`Searches scan all meters, because their index is missing: ${missingIndex.reason}`)
  if (missingIndex) printError(missingIndex.hint)
  return print('The schema of the Sync database is up to date\n')
}

function print(text: string): number {
  process.stdout.write(text)
  return exitStatus.done
}

/** Serves an assistant over stdin and stdout until either side ends it. */
async function serveAssistant(
  agent: Agent,
  { log, parts, signal, ended }: ProcessContext & { log: Log },
): Promise<number> {
  const { serveMcpStdio } = await import('./mcp/stdio.ts')
  const client = parts.add(serveMcpStdio(agent, log, currentUser()))
  if (!signal.aborted) await Promise.race([client.closed, ended])
  return exitStatus.done
}

/** Runs the agent, or the demonstration, until a stop is requested. */
async function serve(environment: Environment, context: ProcessContext): Promise<number> {
  let config: Config
  if (hasDemonstration && wantsDemonstration(environment)) {
    const { logLevel } = parseConfig({ ...environment, ...placeholderUrls }, { demonstration: true })
    context.log = createLog({ level: logLevel, terminal: process.stdout.isTTY })
    const { startDemonstration } = await import('./demo/demonstration.ts')
    const demonstration = context.parts.add(await startDemonstration({ directory: 'data', log: context.log }))
    demonstration.died.then((lines) =>
      context.fail(new Error(`The PostgreSQL server of the demonstration ended: ${lines}`)),
    )
    config = parseConfig({ ...environment, ...demonstration.environment }, { demonstration: true })
  } else {
    config = parseConfig(environment)
    context.log = createLog({ level: config.logLevel, terminal: process.stdout.isTTY, secrets: config.secrets })
  }
  context.parts.add(await startService({ config, log: context.log, signal: context.signal }))
  if (!context.signal.aborted) await context.ended
  return exitStatus.done
}

/** Returns the configuration for a command, which needs both databases. Only the demonstration itself can use its own. */
function readConfig(name: string): { environment: Environment; config: Config } {
  const environment = readEnvironment(readOptions(name))
  if (hasDemonstration && wantsDemonstration(environment)) {
    const missing = `${name} needs DATABASE_URL and CLIENT_SYSTEM_URL; without them only the demonstration is available`
    throw new ConfigError([`${missing}, which serve runs with its own page and API`])
  }
  return { environment, config: parseConfig({ ...environment, ROLE: 'api' }) }
}

/** Checks both databases without an agent, because the schema may not exist yet. */
async function runCheck(name: string): Promise<number> {
  const { config } = readConfig(name)
  const { check } = await import('./cli/check.ts')
  return await runUntilStopped(async ({ signal }) =>
    (await check(config, signal)) ? exitStatus.done : exitStatus.failed,
  )
}

/** Runs a token command. It needs the privileges of the schema's owner when the agent has a role of its own. */
async function manageTokens(name: string, command: TokenCommand): Promise<number> {
  const { config } = readConfig(name)
  const { syncDatabase, secrets } = config
  await requireMigrated(syncDatabase)
  const log = createLog({ level: 'warn', out: process.stderr, secrets })
  const pool = openPool(syncDatabase, { application: 'meter-sync-agent token', max: 1, log })
  try {
    await runTokenCommand(pool, command)
    return exitStatus.done
  } catch (error) {
    if (errorCode(error) !== '42501') throw error
    throw new ConfigError([
      `DATABASE_URL: the role may not manage tokens: ${errorMessage(error)}; run this command as the owner of the schema`,
    ])
  } finally {
    await pool.end()
  }
}

/** Runs a command that uses the agent. The log goes to stderr, because stdout has the output of the command. */
async function withAgent(
  name: string,
  level: string,
  work: (agent: Agent, context: ProcessContext & { log: Log }) => Promise<number>,
): Promise<number> {
  const { environment, config } = readConfig(name)
  return await runUntilStopped(async (context) => {
    const log = createLog({ level: environment.LOG_LEVEL ?? level, out: process.stderr, secrets: config.secrets })
    context.log = log
    const { agent } = context.parts.add(await openAgent({ config, log }))
    return await work(agent, { ...context, log })
  })
}
