import { z } from 'zod'
import { json } from './operation.ts'
import { type Route, route } from './route.ts'

const jsonRpc = z.looseObject({ jsonrpc: z.literal('2.0') })
const session = {
  'Mcp-Session-Id': {
    description: 'The id from the answer to initialize',
    example: '1868a90c-0f3f-4b5e-9a55-6d2a6a0a2b6e',
  },
}

/** The Sync MCP Server. */
export const assistantRoutes: readonly Route[] = [
  route({
    id: 'callMcp',
    method: 'post',
    path: '/mcp',
    scope: 'read',
    forAssistants: true,
    tag: 'Service',
    summary: 'The Sync MCP Server',
    description: 'Model Context Protocol over Streamable HTTP, for any MCP client.',
    headers: session,
    body: {
      content: json(jsonRpc, { jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      required: true,
    },
    answers: {
      200: {
        description: 'A JSON-RPC message, or a stream of messages',
        content: { ...json(jsonRpc), 'text/event-stream': { schema: z.string() } },
      },
      202: { description: 'The notification was accepted' },
      400: { description: 'The body is not a JSON-RPC message', content: json(jsonRpc) },
      404: {
        description: 'The session has ended, or another process has it: initialize again',
        content: json(jsonRpc),
      },
      406: { description: 'Accept must list application/json and text/event-stream', content: json(jsonRpc) },
      415: { description: 'Content-Type is not application/json', content: json(jsonRpc) },
    },
    handle: ({ c }, { answerAssistant }) => answerAssistant(c),
  }),
  route({
    id: 'listenMcp',
    method: 'get',
    path: '/mcp',
    scope: 'read',
    forAssistants: true,
    tag: 'Service',
    summary: 'The stream of a session of the Sync MCP Server',
    description:
      'For clients of the specification 2025-11-25, which receive the notifications of their subscriptions here. Later clients use POST.',
    headers: session,
    answers: {
      200: { description: 'The stream', content: { 'text/event-stream': { schema: z.string() } } },
      404: { description: 'This process does not know the session', content: json(jsonRpc) },
      405: { description: 'The header Mcp-Session-Id is missing', content: json(jsonRpc) },
      406: { description: 'Accept is not text/event-stream', content: json(jsonRpc) },
      409: { description: 'The session has a stream already', content: json(jsonRpc) },
    },
    handle: ({ c }, { answerAssistant }) => answerAssistant(c),
  }),
  route({
    id: 'endMcp',
    method: 'delete',
    path: '/mcp',
    scope: 'read',
    forAssistants: true,
    tag: 'Service',
    summary: 'End a session of the Sync MCP Server',
    headers: session,
    answers: {
      200: { description: 'The session has ended' },
      404: { description: 'This process does not know the session', content: json(jsonRpc) },
      405: { description: 'The header Mcp-Session-Id is missing', content: json(jsonRpc) },
    },
    handle: ({ c }, { answerAssistant }) => answerAssistant(c),
  }),
]
