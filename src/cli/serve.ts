import { type Config, type Environment, parseConfig } from '../config/environment.ts'
import { createLog, type Log } from '../lib/log.ts'
import { startService } from '../service.ts'
import { readVariables, runsDemonstration } from './configuration.ts'
import { exitStatus } from './exit-status.ts'
import { type ProcessContext, runUntilStopped } from './process.ts'

type Prepared = { config: Config; log: Log }

/** Runs the agent, or the demonstration, until a stop is requested. */
export async function serve(): Promise<number> {
  return await runUntilStopped(async (context) => {
    const environment = readVariables('serve')
    const prepare = runsDemonstration(environment) ? prepareDemonstration : prepareConfigured
    const { config, log } = await prepare(environment, context)
    context.parts.add(await startService({ config, log, signal: context.signal }))
    if (!context.signal.aborted) await context.ended
    return exitStatus.done
  })
}

async function prepareConfigured(environment: Environment, context: ProcessContext): Promise<Prepared> {
  const config = parseConfig(environment)
  const log = createLog({ level: config.logLevel, terminal: process.stdout.isTTY, secrets: config.secrets })
  context.log = log
  return { config, log }
}

/** Stand in for the databases of the demonstration until it has created them, so that other errors are reported before. */
const placeholderUrls = { DATABASE_URL: 'postgres://127.0.0.1/sync', CLIENT_SYSTEM_URL: 'postgres://127.0.0.1/meters' }

/** Starts the databases of the demonstration. The process stops when their server ends by itself. */
async function prepareDemonstration(environment: Environment, context: ProcessContext): Promise<Prepared> {
  const { logLevel } = parseConfig({ ...environment, ...placeholderUrls }, { demonstration: true })
  const log = createLog({ level: logLevel, terminal: process.stdout.isTTY })
  context.log = log
  const { startDemonstration } = await import('../demo/demonstration.ts')
  const demonstration = context.parts.add(await startDemonstration({ directory: 'data', log }))
  demonstration.died.then((lines) =>
    context.fail(new Error(`The PostgreSQL server of the demonstration ended: ${lines}`)),
  )
  return { config: parseConfig({ ...environment, ...demonstration.environment }, { demonstration: true }), log }
}
