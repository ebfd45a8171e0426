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

/** How a client of each specification connects: the one before opens with a handshake, the current one has none. */
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
 * The tools that a client was given when it connected. To list them again is dear: the official client compiles the
 * schemas of all of them each time.
 */
const toolsOf = new WeakMap<Client, Awaited<ReturnType<Client['listTools']>>['tools']>()

/** The official client, connected; it holds every answer against the tool's output schema. */
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

/** What a tool answered, after holding its text against it. */
export async function call(client: Client, name: string, args: Record<string, unknown> = {}): Promise<unknown> {
  const result = await client.callTool({ name, arguments: args })
  assert.notEqual(result.isError, true, JSON.stringify(result))
  assertTextIsSame(result)
  return result.structuredContent
}

export async function refused(client: Client, name: string, args: Record<string, unknown> = {}) {
  const result = await client.callTool({ name, arguments: args })
  assert.equal(result.isError, true, JSON.stringify(result))
  assertTextIsSame(result)
  const tool = toolsOf.get(client)?.find((one) => one.name === name)
  // As clients of before do, which look at the schema whether it is an error or not.
  if (tool) assertFits(JSON.stringify(tool.outputSchema), result.structuredContent)
  return refusalAnswer.parse(result.structuredContent)
}

const judges = new Map<string, ValidateFunction>()

function assertFits(schema: string, value: unknown): void {
  const judge = judges.get(schema) ?? new Ajv2020({ strict: false }).compile(JSON.parse(schema))
  judges.set(schema, judge)
  assert.ok(judge(value), JSON.stringify(judge.errors))
}

export function assertTextIsSame({ content, structuredContent }: Awaited<ReturnType<Client['callTool']>>): void {
  assert.equal(content.length, 1)
  const [block] = content
  assert.deepEqual(block?.type === 'text' ? JSON.parse(block.text) : null, structuredContent)
}

/** Waits until the process, which has just started, has received a ping of the worker. */
export async function workersKnown(client: Client): Promise<void> {
  const shape = z.looseObject({ clientSystems: z.array(z.looseObject({ workers: z.number().nullable() })) })
  await eventually(async () => {
    const { clientSystems } = shape.parse(await call(client, 'get_sync_status'))
    return clientSystems.every(({ workers }) => workers === 1)
  })
}
