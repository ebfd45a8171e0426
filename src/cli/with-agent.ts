import type { Agent } from '../agent.ts'
import { createLog, type Log } from '../lib/log.ts'
import { openAgent } from '../service.ts'
import { readConfig } from './configuration.ts'
import { type ProcessContext, runUntilStopped } from './process.ts'

/** What a command uses besides its agent. */
export type AgentContext = ProcessContext & { log: Log }

/**
 * Runs a command that uses the agent, and returns its exit status. The log goes to stderr, because stdout has the output of
 * the command. `level` is that of the log, unless LOG_LEVEL is set.
 */
export async function withAgent(
  command: string,
  level: string,
  work: (agent: Agent, context: AgentContext) => Promise<number>,
): Promise<number> {
  const { config, logLevel } = readConfig(command)
  return await runUntilStopped(async (context) => {
    const log = createLog({ level: logLevel ?? level, out: process.stderr, secrets: config.secrets })
    context.log = log
    const { agent } = context.parts.add(await openAgent({ config, log }))
    return await work(agent, { ...context, log })
  })
}
