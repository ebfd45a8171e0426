import type { Agent } from '../agent.ts'
import { exitStatus } from './exit-status.ts'
import { currentUser } from './user.ts'
import type { AgentContext } from './with-agent.ts'

/** Serves an assistant over stdin and stdout until either side ends it. */
export async function serveAssistant(agent: Agent, { log, parts, signal, ended }: AgentContext): Promise<number> {
  const { serveMcpStdio } = await import('../mcp/stdio.ts')
  const client = parts.add(serveMcpStdio(agent, log, currentUser()))
  if (!signal.aborted) await Promise.race([client.closed, ended])
  return exitStatus.done
}
