import type { Context } from 'hono'
import { z } from 'zod'
import { AgentError } from '../../lib/errors.ts'
import { json } from './operation.ts'
import { type Route, route } from './route.ts'

const html = { 'text/html': { schema: z.string() } }

/** The routes for probes, metrics, the page, and the description of the API. */
export const serviceRoutes: readonly Route[] = [
  route({
    id: 'isAlive',
    method: 'get',
    path: '/healthz',
    scope: null,
    tag: 'Service',
    summary: 'Whether the process is alive',
    access: 'probe',
    answers: { 200: { description: 'The process is alive', content: json(z.object({ status: z.literal('alive') })) } },
    handle: ({ c }) => c.json({ status: 'alive' }),
  }),
  route({
    id: 'isReady',
    method: 'get',
    path: '/readyz',
    scope: null,
    tag: 'Service',
    summary: 'Whether the agent can serve',
    description: 'A Client System that is down does not make the agent unready.',
    access: 'probe',
    answers: {
      200: {
        description: 'Sync database, migrations, jobs and listener are up',
        content: json(z.object({ status: z.literal('ready'), waitingFor: z.array(z.string()).max(0) })),
      },
      503: {
        description: 'Some of these are not up',
        content: json(z.object({ status: z.literal('not ready'), waitingFor: z.array(z.string()).min(1) }), {
          status: 'not ready',
          waitingFor: ['Sync database'],
        }),
      },
    },
    handle: async ({ c }, { agent }) => {
      const waitingFor = await agent.unready()
      const ready = waitingFor.length === 0
      return c.json({ status: ready ? 'ready' : 'not ready', waitingFor }, ready ? 200 : 503)
    },
  }),
  route({
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
    handle: async ({ c }, { metrics }) => c.body(await metrics.read(), 200, { 'Content-Type': metrics.contentType }),
  }),
  route({
    id: 'getPage',
    method: 'get',
    path: '/',
    scope: null,
    tag: 'Service',
    summary: 'The Sync Status page',
    access: 'open',
    answers: { 200: { description: 'The page', content: html } },
    refusals: ['not_found'],
    handle: async ({ c }, { answerPage }) => {
      const page = await answerPage(c)
      if (page) return page
      throw new AgentError('not_found', 'The page has not been built', { hint: 'Run: npm run build' })
    },
  }),
  route({
    id: 'getOpenApi',
    method: 'get',
    path: '/openapi.json',
    scope: 'read',
    tag: 'Service',
    summary: 'This description',
    answers: {
      200: { description: 'OpenAPI 3.1', content: json(z.looseObject({ openapi: z.string() })) },
    },
    handle: async ({ c }, { apiDocs }) => c.body(await apiDocs.json(), 200, { 'Content-Type': 'application/json' }),
  }),
  route({
    id: 'getDocs',
    method: 'get',
    path: '/docs',
    scope: 'read',
    tag: 'Service',
    summary: 'This description as a page',
    answers: { 200: { description: 'A page', content: html } },
    handle: async ({ c }, { apiDocs }) => c.html(await apiDocs.page(originOf(c))),
  }),
  route({
    id: 'getDocsStyle',
    method: 'get',
    path: '/docs.css',
    scope: 'read',
    tag: 'Service',
    summary: 'The stylesheet of the page /docs',
    answers: { 200: { description: 'A stylesheet', content: { 'text/css': { schema: z.string() } } } },
    handle: async ({ c }, { apiDocs }) =>
      c.body(await apiDocs.style(), 200, { 'Content-Type': 'text/css; charset=utf-8' }),
  }),
]

/** The address under which the client reaches the agent. */
function originOf(c: Context): string {
  const { protocol, host } = new URL(c.req.url)
  return `${c.req.header('x-forwarded-proto') === 'https' ? 'https:' : protocol}//${host}`
}
