import { existsSync } from 'node:fs'
import {
  type Config,
  type Environment,
  parseConfig,
  readEnvironment,
  wantsDemonstration,
} from '../config/environment.ts'
import { ConfigError } from '../lib/errors.ts'

/** True in the source tree, which has the demonstration; an installed package does not. */
const hasDemonstration = existsSync(new URL('../demo', import.meta.url))

/** Returns the variables of a command. An assistant starts `mcp` in a directory whose `.env` is not the administrator's. */
export function readVariables(command: string): Environment {
  return readEnvironment({ dotEnv: command !== 'mcp' })
}

/** Returns true when `serve` runs the demonstration with these variables. */
export function runsDemonstration(environment: Environment): boolean {
  return hasDemonstration && wantsDemonstration(environment)
}

/**
 * Returns the configuration of a command other than `serve`, and the level of its log. Throws ConfigError where only the
 * demonstration could run, because no other process can use its databases.
 */
export function readConfig(command: string): { config: Config; logLevel: string | undefined } {
  const environment = readVariables(command)
  if (runsDemonstration(environment)) {
    const missing = `${command} needs DATABASE_URL and CLIENT_SYSTEM_URL; without them only the demonstration is available`
    throw new ConfigError([`${missing}, which serve runs with its own page and API`])
  }
  return { config: parseConfig({ ...environment, ROLE: 'api' }), logLevel: environment.LOG_LEVEL }
}
