import { secretsOf } from '../config/secrets.ts'
import { AgentError, ConfigError, errorMessage } from '../lib/errors.ts'
import { createRedact } from '../lib/redact.ts'
import { readVariables } from './configuration.ts'
import { exitStatus } from './exit-status.ts'
import { printError } from './output.ts'

/** Prints the error of a command without secrets and returns its exit status. */
export function reportError(error: unknown, command: string): number {
  if (error instanceof ConfigError) {
    process.stderr.write(`meter-sync-agent cannot start:\n${error.errors.map((line) => `  ${line}\n`).join('')}`)
    return exitStatus.configuration
  }
  const redact = createRedact(secretsOf(readVariables(command)))
  if (error instanceof AgentError) {
    printError(redact(error.message))
    if (error.hint) printError(error.hint)
    return error.code === 'bad_request' || error.code === 'not_found' ? exitStatus.usage : exitStatus.failed
  }
  process.stderr.write(`meter-sync-agent cannot start: ${redact(errorMessage(error))}\n`)
  return exitStatus.failed
}
