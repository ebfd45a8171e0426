/** Clients of the Sync MCP Server: the official one, in each specification and over each transport. */
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import type { ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { z } from 'zod'
import type { Environment } from '../../src/config/environment.ts'
import { eventually, type World } from './world.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))

/** How a client of each specification connects: the previous one begins with a handshake, the current one has none. */
export const specifications = [
  { version: '2025-11-25', mode: 'legacy' },
  { version: '2026-07-28', mode: { pin: '2026-07-28' } },
] as const
type Specification = (typeof specifications)[number]

const transports = ['http', 'stdio'] as const
export const ways = specifications.flatMap((specification) =>
  transports.map((transport) => ({ specification, transport, name: `${specification.version} over ${transport}` })),
)

function setVariables(environment: Environment): Record<string, string> {
  const set: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment)) if (value !== undefined) set[name] = value
  return set
}

/**
 * The tools that a client received when it connected. Listing them again is slow, because the official client compiles all
 * of their schemas each time.
 */
const toolsOf = new WeakMap<Client, Awaited<ReturnType<Client['listTools']>>['tools']>()

/** Connects the official client, which validates every answer by the tool's output schema. */
export async function connect(
  world: World,
  where: { transport: 'http'; url: string; token?: string } | { transport: 'stdio'; environment?: Environment },
  { mode, version }: Specification,
): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } })
  world.after(() => client.close())
  const transport =
    where.transport === 'http'
      ? new StreamableHTTPClientTransport(new URL('/mcp', where.url), {
          requestInit: { headers: where.token ? { Authorization: `Bearer ${where.token}` } : {} },
        })
      : new StdioClientTransport({
          command: process.execPath,
          args: ['src/main.ts', 'mcp'],
          cwd: project,
          env: setVariables(world.environment(where.environment)),
          stderr: 'ignore',
        })
  await client.connect(transport)
  assert.equal(client.getNegotiatedProtocolVersion(), version)
  toolsOf.set(client, (await client.listTools()).tools)
  return client
}

export const runAnswer = z.object({ run: z.object({ id: z.string(), status: z.string(), trigger: z.string() }) })
export const startedRun = z.object({ run: z.object({ id: z.string(), requestedBy: z.string().nullable() }) })
const refusalAnswer = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  run: z.object({ id: z.string(), status: z.string() }).optional(),
})

/** Calls a tool and returns its structured answer. Fails when the call fails, or when the answer's text differs. */
export async function call(client: Client, name: string, args: Record<string, unknown> = {}): Promise<unknown> {
  const result = await client.callTool({ name, arguments: args })
  assert.notEqual(result.isError, true, JSON.stringify(result))
  assertTextIsSame(result)
  return result.structuredContent
}

/** Calls a tool and returns its error. Fails when the call succeeds, or when the error does not have the tool's output schema. */
export async function refused(client: Client, name: string, args: Record<string, unknown> = {}) {
  const result = await client.callTool({ name, arguments: args })
  assert.equal(result.isError, true, JSON.stringify(result))
  assertTextIsSame(result)
  const tool = toolsOf.get(client)?.find((one) => one.name === name)
  // Clients of the previous specification validate errors too.
  if (tool) assertFits(JSON.stringify(tool.outputSchema), result.structuredContent)
  return refusalAnswer.parse(result.structuredContent)
}

const validators = new Map<string, ValidateFunction>()

function assertFits(schema: string, value: unknown): void {
  const validate = validators.get(schema) ?? new Ajv2020({ strict: false }).compile(JSON.parse(schema))
  validators.set(schema, validate)
  assert.ok(validate(value), JSON.stringify(validate.errors))
}

export function assertTextIsSame({ content, structuredContent }: Awaited<ReturnType<Client['callTool']>>): void {
  assert.equal(content.length, 1)
  const [block] = content
  assert.deepEqual(block?.type === 'text' ? JSON.parse(block.text) : null, structuredContent)
}

/** Waits until a process that has just started knows of the worker. */
export async function workersKnown(client: Client): Promise<void> {
  const shape = z.looseObject({ clientSystems: z.array(z.looseObject({ workers: z.number().nullable() })) })
  await eventually(async () => {
    const { clientSystems } = shape.parse(await call(client, 'get_sync_status'))
    return clientSystems.every(({ workers }) => workers === 1)
  })
}
