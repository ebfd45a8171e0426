import './lib/memory.ts'
import { testAlerts } from './cli/alerts.ts'
import { type Command, parseCommand } from './cli/arguments.ts'
import { cancel } from './cli/cancel.ts'
import { exitStatus } from './cli/exit-status.ts'
import { serveAssistant } from './cli/mcp.ts'
import { migrateSchema } from './cli/migrate.ts'
import { print } from './cli/output.ts'
import { preview } from './cli/preview.ts'
import { watchStdout } from './cli/process.ts'
import { reportError } from './cli/report-error.ts'
import { serve } from './cli/serve.ts'
import { status } from './cli/status.ts'
import { sync } from './cli/sync.ts'
import { manageTokens } from './cli/token.ts'
import { usage } from './cli/usage.ts'
import { withAgent } from './cli/with-agent.ts'
import { errorMessage } from './lib/errors.ts'
import { version } from './lib/version.ts'

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
    return reportError(error, command.name)
  }
}

/** Runs a command and returns its exit status. */
async function run(command: Command): Promise<number> {
  switch (command.name) {
    case 'help':
      process.stdout.write(usage)
      return exitStatus.done
    case 'version':
      print(version)
      return exitStatus.done
    case 'serve':
      return await serve()
    case 'check':
      return await (await import('./cli/check.ts')).check()
    case 'migrate':
      return await migrateSchema()
    case 'token':
      return await manageTokens(command.command)
    case 'mcp':
      return await withAgent('mcp', 'info', serveAssistant)
    case 'sync':
      return await withAgent('sync', 'warn', (agent, { signal }) => sync(agent, command, signal))
    case 'preview':
      return await withAgent('sync', 'warn', (agent) => preview(agent, command))
    case 'cancel':
      return await withAgent('cancel', 'warn', (agent) => cancel(agent, command))
    case 'status':
      return await withAgent('status', 'warn', (agent) => status(agent, command))
    case 'alerts':
      return await withAgent('alerts', 'error', (agent) => testAlerts(agent, command))
  }
}
