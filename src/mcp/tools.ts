import type { CallToolResult, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { Agent, Caller } from '../agent.ts'
import { AgentError, describeIssues, NotFoundError } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import { toAgentError } from '../lib/to-agent-error.ts'
import type { Scope } from '../wire/types.ts'
import { answer, refusal, refusalShape } from './answers.ts'
import { addCollectionTools } from './collection.ts'
import { addMeterTools } from './meters.ts'
import { describeOutput } from './output.ts'
import { addSyncTools } from './syncs.ts'
import type { Tool } from './tool.ts'

export type ToolOptions = {
  agent: Agent
  log: Log
  caller: Caller
  /** Is given every call until it is answered. */
  during?: <Answer>(work: Promise<Answer>) => Promise<Answer>
}

/** Registers the tools: the actions of the API, but none that takes SQL or approves deletions. */
export function addTools(server: McpServer, { agent, log, caller, during = (work) => work }: ToolOptions): void {
  const calls = new Map<string, (input: unknown, signal: AbortSignal) => Promise<CallToolResult>>()

  function add<Input, Output extends Record<string, unknown>>(name: string, tool: Tool<Input, Output>): void {
    const { title, description, annotations, input, output, scope } = tool
    const call = async (given: unknown, signal: AbortSignal) => {
      try {
        requireScope(caller, scope)
        return answer(await tool.run(accept(input, given), signal))
      } catch (thrown) {
        return refusal(withToolInHint(toAgentError(thrown, log, { tool: name })))
      }
    }
    calls.set(name, call)
    const outputSchema = describeOutput(z.union([output, tool.refusal ?? refusalShape]))
    const described = { title, description, annotations, inputSchema: input, outputSchema, _meta: { scope } }
    server.registerTool(name, described, (given, { mcpReq }) => call(given, mcpReq.signal))
  }

  addSyncTools(add, agent, caller)
  addMeterTools(add, agent)
  addCollectionTools(add, agent)

  // The library answers a wrong name or input with prose, or with an error of the protocol that few assistants are shown.
  server.server.setRequestHandler('tools/call', async ({ params: { name, arguments: given = {} } }, { mcpReq }) => {
    const call = calls.get(name)
    if (call) return await during(call(given, mcpReq.signal))
    const hint = `Call one of: ${[...calls.keys()].join(', ')}`
    return refusal(new AgentError('not_found', `There is no tool ${JSON.stringify(name)}`, { hint }))
  })
}

function accept<Input>(schema: z.ZodType<Input>, given: unknown): Input {
  const judged = schema.safeParse(given)
  if (judged.success) return judged.data
  throw new AgentError('bad_request', `The input is wrong: ${describeIssues(judged.error.issues)}`, {
    hint: 'Correct the input and call the tool again',
  })
}

/** Throws `forbidden_scope` when the token of the assistant does not have the scope. */
function requireScope({ scopes }: Caller, scope: Scope): void {
  if (scopes.includes(scope)) return
  const hint = `The token of this assistant has ${scopes.join(', ')}; a person can give it one that has ${scope} too`
  throw new AgentError('forbidden_scope', `This tool needs the scope ${scope}`, { hint })
}

/** Names a tool in the hint instead of a route. */
function withToolInHint(error: AgentError): AgentError {
  if (!(error instanceof NotFoundError)) return error
  const hint = error.what === 'run' ? 'list_sync_runs lists the runs' : 'find_meters finds meters'
  return new AgentError('not_found', error.message, { hint, cause: error })
}
