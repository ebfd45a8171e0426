import { z } from 'zod'
import { json } from './operation.ts'
import { type Route, route } from './route.ts'

const jsonRpc = z.looseObject({ jsonrpc: z.literal('2.0') })
const session = {
  'Mcp-Session-Id': {
    description: 'What the answer to initialize gave',
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
    description: 'Model Context Protocol over Streamable HTTP; any of its clients speaks it.',
    headers: session,
    body: {
      content: json(jsonRpc, { jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      required: true,
    },
    answers: {
      200: {
        description: 'A message of JSON-RPC, or a stream of them',
        content: { ...json(jsonRpc), 'text/event-stream': { schema: z.string() } },
      },
      202: { description: 'A notification was taken' },
      400: { description: 'Not a JSON-RPC message', content: json(jsonRpc) },
      404: {
        description: 'The session has ended, or the process that has its subscriptions is another: initialize anew',
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
      'For clients of the specification 2025-11-25, which receive there the updates of the status that they subscribed to. Later clients ask with POST.',
    headers: session,
    answers: {
      200: { description: 'The stream', content: { 'text/event-stream': { schema: z.string() } } },
      404: { description: 'This process knows no such session', content: json(jsonRpc) },
      405: { description: 'The header names no session', content: json(jsonRpc) },
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
      200: { description: 'It has ended' },
      404: { description: 'This process knows no such session', content: json(jsonRpc) },
      405: { description: 'The header names no session', content: json(jsonRpc) },
    },
    handle: ({ c }, { answerAssistant }) => answerAssistant(c),
  }),
]
