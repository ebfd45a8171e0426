import { type Environment, parseConfig } from '../../src/config/environment.ts'
import { ConfigError } from '../../src/lib/errors.ts'

/** The two variables that every configuration needs. */
export const urls = {
  DATABASE_URL: 'postgres://agent:secret@127.0.0.1/sync',
  CLIENT_SYSTEM_URL: 'postgres://reader:secret@127.0.0.1/master',
}

/** Returns the errors of a configuration with these variables; none when it is valid. */
export function errorsOf(environment: Environment): string[] {
  try {
    parseConfig({ ...urls, ...environment })
  } catch (error) {
    if (error instanceof ConfigError) return [...error.errors]
    throw error
  }
  return []
}

/** Returns the names of the variables that are invalid. */
export const invalidNames = (environment: Environment) =>
  errorsOf(environment).map((error) => error.replace(/:.*/s, ''))

/** Returns the Client System of a configuration with these variables. */
export function clientSystemOf(environment: Environment) {
  const [clientSystem] = parseConfig({ ...urls, ...environment }).clientSystems
  if (!clientSystem) throw new Error('there is no Client System')
  return clientSystem
}
