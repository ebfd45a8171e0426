import { z } from 'zod'
import { json } from './operation.ts'
import { type Route, route } from './route.ts'

const jsonRpc = z.looseObject({ jsonrpc: z.literal('2.0') })

/** Describes an answer that is a JSON-RPC message. */
const message = (description: string) => ({ description, content: json(jsonRpc) })

const stream = { 'text/event-stream': { schema: z.string() } }
const unknownSession = message('This process does not know the session')
const missingSession = message('The header Mcp-Session-Id is missing')

/** What the methods of the Sync MCP Server have in common. */
const mcp = {
  path: '/mcp',
  scope: 'read',
  forAssistants: true,
  tag: 'Service',
  headers: {
    'Mcp-Session-Id': {
      description: 'The id from the answer to initialize',
      example: '1868a90c-0f3f-4b5e-9a55-6d2a6a0a2b6e',
    },
  },
  handle: ({ c }, { answerAssistant }) => answerAssistant(c),
} as const satisfies Partial<Parameters<typeof route>[0]>

/** The Sync MCP Server. */
export const assistantRoutes: readonly Route[] = [
  route({
    ...mcp,
    id: 'callMcp',
    method: 'post',
    summary: 'The Sync MCP Server',
    description: 'Model Context Protocol over Streamable HTTP, for any MCP client.',
    body: {
      content: json(jsonRpc, { jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      required: true,
    },
    answers: {
      200: {
        description: 'A JSON-RPC message, or a stream of messages',
        content: { ...json(jsonRpc), ...stream },
      },
      202: { description: 'The notification was accepted' },
      400: message('The body is not a JSON-RPC message'),
      404: message('The session has ended, or another process has it: initialize again'),
      406: message('Accept must list application/json and text/event-stream'),
      415: message('Content-Type is not application/json'),
    },
  }),
  route({
    ...mcp,
    id: 'listenMcp',
    method: 'get',
    summary: 'The stream of a session of the Sync MCP Server',
    description:
      'For clients of the specification 2025-11-25, which receive the notifications of their subscriptions here. Later clients use POST.',
    answers: {
      200: { description: 'The stream', content: stream },
      404: unknownSession,
      405: missingSession,
      406: message('Accept is not text/event-stream'),
      409: message('The session has a stream already'),
    },
  }),
  route({
    ...mcp,
    id: 'endMcp',
    method: 'delete',
    summary: 'End a session of the Sync MCP Server',
    answers: {
      200: { description: 'The session has ended' },
      404: unknownSession,
      405: missingSession,
    },
  }),
]
