import { z } from 'zod'
import * as shape from '../../wire/schemas.ts'
import { sessionBody } from './inputs.ts'
import { json, type Operation } from './operation.ts'

const html = (example?: string) => ({ 'text/html': { schema: z.string(), ...(example !== undefined && { example }) } })
const jsonRpc = z.looseObject({ jsonrpc: z.literal('2.0') })
const session = {
  'Mcp-Session-Id': {
    description: 'What the answer to initialize gave',
    example: '1868a90c-0f3f-4b5e-9a55-6d2a6a0a2b6e',
  },
}

/** The session, and what is not of the API. */
export const serviceOperations: readonly Operation[] = [
  {
    id: 'getSession',
    method: 'get',
    path: '/api/session',
    scope: null,
    tag: 'Session',
    summary: 'Whether a login is needed, and who is logged in',
    description: 'For pages, which see neither their cookie nor why an event stream was refused.',
    door: 'open',
    answers: {
      200: {
        description: 'How it stands',
        content: json(shape.session, {
          required: true,
          loggedIn: true,
          name: 'operator',
          scopes: ['read', 'operate'],
        }),
      },
    },
    refusals: ['unauthorized', 'too_many_requests', 'database_unavailable'],
  },
  {
    id: 'logIn',
    method: 'post',
    path: '/api/session',
    scope: null,
    tag: 'Session',
    summary: 'Log in',
    door: 'open',
    body: { content: json(sessionBody, { token: '…' }), required: true },
    answers: {
      204: {
        description: 'Logged in for twelve hours',
        headers: { 'Set-Cookie': 'The session, HttpOnly and SameSite=Strict' },
      },
    },
    refusals: ['unauthorized', 'too_many_requests', 'forbidden_scope', 'database_unavailable'],
  },
  {
    id: 'logOut',
    method: 'delete',
    path: '/api/session',
    scope: null,
    tag: 'Session',
    summary: 'Log out',
    door: 'open',
    answers: {
      204: { description: 'The session has ended, in every process', headers: { 'Set-Cookie': 'Ends the session' } },
    },
    refusals: ['database_unavailable'],
  },
  {
    id: 'isAlive',
    method: 'get',
    path: '/healthz',
    scope: null,
    tag: 'Service',
    summary: 'Whether the process is alive',
    door: 'probe',
    answers: { 200: { description: 'It is', content: json(z.object({ status: z.literal('alive') })) } },
  },
  {
    id: 'isReady',
    method: 'get',
    path: '/readyz',
    scope: null,
    tag: 'Service',
    summary: 'Whether the agent can serve',
    description: 'A Client System that is down does not make the agent unready.',
    door: 'probe',
    answers: {
      200: {
        description: 'Sync database, migrations, jobs and listener are up',
        content: json(z.object({ status: z.literal('ready'), waitingFor: z.array(z.string()).max(0) })),
      },
      503: {
        description: 'Some are not',
        content: json(z.object({ status: z.literal('not ready'), waitingFor: z.array(z.string()).min(1) }), {
          status: 'not ready',
          waitingFor: ['Sync database'],
        }),
      },
    },
  },
  {
    id: 'getMetrics',
    method: 'get',
    path: '/metrics',
    scope: 'read',
    tag: 'Service',
    summary: 'Metrics for Prometheus',
    answers: {
      200: {
        description: 'The text exposition format',
        content: { 'text/plain': { schema: z.string(), example: 'meter_sync_listener_connected 1\n' } },
      },
    },
    refusals: ['database_unavailable'],
  },
  {
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
  },
  {
    id: 'listenMcp',
    method: 'get',
    path: '/mcp',
    scope: 'read',
    forAssistants: true,
    tag: 'Service',
    summary: 'The stream of a session of the Sync MCP Server',
    description:
      'For clients of the specification 2025-11-25, which are told there of the status that they subscribed to. Later ones ask with POST.',
    headers: session,
    answers: {
      200: { description: 'The stream', content: { 'text/event-stream': { schema: z.string() } } },
      404: { description: 'This process knows no such session', content: json(jsonRpc) },
      405: { description: 'The header names no session', content: json(jsonRpc) },
      406: { description: 'Accept is not text/event-stream', content: json(jsonRpc) },
      409: { description: 'The session has a stream already', content: json(jsonRpc) },
    },
  },
  {
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
  },
  {
    id: 'getPage',
    method: 'get',
    path: '/',
    scope: null,
    tag: 'Service',
    summary: 'The Sync Status page',
    door: 'open',
    answers: { 200: { description: 'The page', content: html() } },
    refusals: ['not_found'],
  },
  {
    id: 'getOpenApi',
    method: 'get',
    path: '/openapi.json',
    scope: 'read',
    tag: 'Service',
    summary: 'This description',
    answers: {
      200: { description: 'OpenAPI 3.1', content: json(z.looseObject({ openapi: z.string() })) },
    },
  },
  {
    id: 'getDocs',
    method: 'get',
    path: '/docs',
    scope: 'read',
    tag: 'Service',
    summary: 'This description, to read',
    answers: { 200: { description: 'A page', content: html() } },
  },
  {
    id: 'getDocsStyle',
    method: 'get',
    path: '/docs.css',
    scope: 'read',
    tag: 'Service',
    summary: 'The style of that page',
    answers: { 200: { description: 'A stylesheet', content: { 'text/css': { schema: z.string() } } } },
  },
]
