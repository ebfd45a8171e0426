import { parseArgs } from 'node:util'
import { version } from './agent.ts'
import { type Config, type Environment, parseConfig, readEnvironment, wantsDemonstration } from './config.ts'
import { migrate } from './db/migrate.ts'
import { ConfigError, errorMessage } from './errors.ts'
import { createLog, type Log, redact } from './log.ts'
import { startService } from './service.ts'

const usage = `Keeps a local PostgreSQL database of meters in step with a remote Client System, and shows it live.

Usage: node src/main.ts [command]

  serve      runs the agent: schedule, worker, API and Sync Status page (the default)
  migrate    brings the schema of the Sync database up to this program, then ends

  --help     this text
  --version  the version

Configuration is read from the environment and .env; .env.example lists every variable. With neither DATABASE_URL
nor CLIENT_SYSTEM_URL set, a demonstration with databases of its own is run.

Exit status: 0 done, 1 failed, 2 usage, 78 configuration.
`

const exit = { done: 0, failed: 1, usage: 2, configuration: 78 } as const

/** How long an orderly stop may take before the process ends without it. */
const patience = 9_500

process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  let command: string
  try {
    const { values, positionals } = parseArgs({
      args,
      options: { help: { type: 'boolean' }, version: { type: 'boolean' } },
      allowPositionals: true,
    })
    if (values.help) return print(usage)
    if (values.version) return print(`${version}\n`)
    const [first = 'serve', ...rest] = positionals
    if (!['serve', 'migrate'].includes(first) || rest.length > 0)
      throw new Error(`Unknown command: ${positionals.join(' ')}`)
    command = first
  } catch (error) {
    process.stderr.write(`${errorMessage(error)}\n\n${usage}`)
    return exit.usage
  }
  try {
    const environment = readEnvironment()
    return command === 'migrate' ? await runMigrate(environment) : await serve(environment)
  } catch (error) {
    if (error instanceof ConfigError) {
      process.stderr.write(`meter-sync-agent cannot start:\n${error.faults.map((fault) => `  ${fault}\n`).join('')}`)
      return exit.configuration
    }
    process.stderr.write(`meter-sync-agent cannot start: ${redact(errorMessage(error))}\n`)
    return exit.failed
  }
}

function print(text: string): number {
  process.stdout.write(text)
  return exit.done
}

async function runMigrate(environment: Environment): Promise<number> {
  const config = parseConfig(environment)
  await migrate(config.syncDatabase)
  return print('The schema of the Sync database is up to date\n')
}

/** Serves until a signal asks to stop. */
async function serve(environment: Environment): Promise<number> {
  const level = environment.LOG_LEVEL ?? 'info'
  const stopping = new AbortController()
  let failure: unknown = null
  const ended = new Promise<void>((done) => stopping.signal.addEventListener('abort', () => done()))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort())
  const fail = (error: unknown) => {
    failure = error
    stopping.abort()
  }
  process.on('uncaughtException', fail)
  process.on('unhandledRejection', fail)

  const stops: (() => Promise<void>)[] = []
  let log: Log | undefined
  try {
    let config: Config
    if (wantsDemonstration(environment)) {
      log = createLog({ level, terminal: process.stdout.isTTY })
      const { startDemonstration } = await import('./demo/demonstration.ts')
      const demonstration = await startDemonstration({ directory: 'data', log })
      stops.push(demonstration.stop)
      demonstration.died.then((lines) => fail(new Error(`The demonstration's PostgreSQL ended: ${lines}`)))
      config = parseConfig({ ...environment, ...demonstration.environment }, { demonstration: true })
    } else {
      config = parseConfig(environment)
      log = createLog({ level: config.logLevel, terminal: process.stdout.isTTY })
    }
    const service = await startService({ config, log, signal: stopping.signal })
    stops.push(service.stop)
    if (!stopping.signal.aborted) await ended
  } catch (error) {
    // What breaks because a stop was asked for is no failure.
    if (!stopping.signal.aborted) throw error
  } finally {
    setTimeout(() => {
      log?.error('the stop took too long; the process ends without it')
      process.exit(exit.failed)
    }, patience).unref()
    if (failure !== null) log?.fatal({ err: failure }, 'the agent met a fault of its own and stops')
    else log?.info('meter sync agent stops')
    for (const stop of stops.reverse()) await stop()
  }
  log?.info('meter sync agent has stopped')
  return failure === null ? exit.done : exit.failed
}
