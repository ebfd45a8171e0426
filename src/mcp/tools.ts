import type { CallToolResult, McpServer } from '@modelcontextprotocol/server'
import type { Agent, Caller } from '../agent.ts'
import { AgentError, NotFoundError } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import { toAgentError } from '../lib/to-agent-error.ts'
import type { Scope } from '../wire/types.ts'
import { answer, errorAnswer } from './answers.ts'
import type { Calls } from './calls.ts'
import type { Tool } from './tool.ts'
import { collectionTools } from './tools/collection.ts'
import { meterTools } from './tools/meters.ts'
import { runTools } from './tools/runs.ts'
import { syncTools } from './tools/syncs.ts'

/** Every tool, in the order of the list that assistants read. None takes SQL, and none approves held-back deletions. */
const tools: readonly Tool[] = [...syncTools, ...runTools, ...meterTools, ...collectionTools]
const toolsByName = new Map(tools.map((tool) => [tool.name, tool]))

export type ToolOptions = {
  agent: Agent
  log: Log
  caller: Caller
  calls: Calls
}

/** Registers the tools with the server of one client. */
export function addTools(server: McpServer, options: ToolOptions): void {
  for (const tool of tools) {
    const { name, title, description, annotations, inputSchema, outputSchema, scope } = tool
    server.registerTool(
      name,
      { title, description, annotations, inputSchema, outputSchema, _meta: { scope } },
      (input, { mcpReq }) => callTool(tool, input, mcpReq.signal, options),
    )
  }
  // Replaces the handler of the library, which answers an unknown name or an invalid input without code and hint.
  server.server.setRequestHandler('tools/call', async ({ params: { name, arguments: input = {} } }, { mcpReq }) => {
    const tool = toolsByName.get(name)
    if (tool) return await options.calls.track(callTool(tool, input, mcpReq.signal, options))
    const hint = `Call one of: ${[...toolsByName.keys()].join(', ')}`
    return errorAnswer(new AgentError('not_found', `There is no tool ${JSON.stringify(name)}`, { hint }))
  })
}

async function callTool(
  tool: Tool,
  input: unknown,
  signal: AbortSignal,
  { agent, log, caller }: ToolOptions,
): Promise<CallToolResult> {
  try {
    requireScope(caller, tool.scope)
    return answer(await tool.call(input, { agent, caller, signal }))
  } catch (thrown) {
    return errorAnswer(withToolInHint(toAgentError(thrown, log, { tool: tool.name })))
  }
}

/** Throws `forbidden_scope` when the token of the assistant does not have the scope. */
function requireScope({ scopes }: Caller, scope: Scope): void {
  if (scopes.includes(scope)) return
  const hint = `Give the assistant a token with the scope ${scope}; its token has ${scopes.join(', ')}`
  throw new AgentError('forbidden_scope', `This tool needs the scope ${scope}`, { hint })
}

/** Names a tool in the hint instead of a route. */
function withToolInHint(error: AgentError): AgentError {
  if (!(error instanceof NotFoundError)) return error
  const hint = error.what === 'run' ? 'list_sync_runs lists the runs' : 'find_meters finds meters'
  return new AgentError('not_found', error.message, { hint, cause: error })
}
