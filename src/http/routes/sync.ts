import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { z } from 'zod'
import { runActiveError } from '../../wire/run-state-error.ts'
import * as shape from '../../wire/schemas.ts'
import * as example from './examples.ts'
import * as input from './inputs.ts'
import { json } from './operation.ts'
import { type Route, route } from './route.ts'

/** The routes for the status, starting and previewing a sync, and the event stream. */
export const syncRoutes: readonly Route[] = [
  route({
    id: 'getStatus',
    method: 'get',
    path: '/api/status',
    scope: 'read',
    tag: 'Sync',
    summary: 'The status of every Client System',
    description:
      'For each Client System: its condition, the active run, the last runs, the numbers of meters, and how fresh they are.',
    answers: { 200: { description: 'The status', content: json(shape.status, example.status) } },
    handle: async ({ c }, { agent }) => c.json(await agent.status()),
  }),
  route({
    id: 'startSync',
    method: 'post',
    path: '/api/sync',
    scope: 'operate',
    tag: 'Sync',
    summary: 'Start a sync',
    description:
      'Answers at once with the run, which continues in the background. While a run of the Client System is active, the answer is 409 with that run.',
    json: { schema: input.syncBody, example: { full: true } },
    answers: {
      202: {
        description: 'The run was queued',
        headers: { Location: 'The address of the run: /api/runs/{id}' },
        content: json(z.object({ run: shape.run }), { run: example.queued }),
      },
    },
    refusals: ['run_active', 'not_found'],
    handle: async ({ c, body }, { agent }) => {
      const { clientSystemId, full = false, approveDeletes = null, approveDigest = null } = body
      const approval = { approveDeletes, approveDigest }
      const origin = { trigger: 'manual', requestedBy: c.get('login').name } as const
      const { run, created } = await agent.trigger({ clientSystemId, full, ...approval, ...origin })
      c.header('Location', `/api/runs/${run.id}`)
      if (created) return c.json({ run }, 202)
      throw runActiveError(run, 'Follow the active run; a new one can start when it has ended')
    },
  }),
  route({
    id: 'previewSync',
    method: 'post',
    path: '/api/preview',
    scope: 'operate',
    tag: 'Sync',
    summary: 'Preview a sync',
    description:
      'Reads and compares like a sync, and writes nothing. While a run of the Client System is active, the answer is 409 with that run.',
    json: { schema: input.previewBody },
    answers: {
      200: { description: 'The changes that a sync would make', content: json(shape.preview, example.preview) },
    },
    refusals: ['run_active', 'not_found'],
    readsSource: true,
    handle: async ({ c, body: { clientSystemId } }, { agent }) => {
      const answer = await agent.preview(clientSystemId, c.req.raw.signal)
      if ('preview' in answer) return c.json(answer.preview)
      throw runActiveError(answer.active, 'Follow the active run, and preview again when it has ended')
    },
  }),
  route({
    id: 'watchEvents',
    method: 'get',
    path: '/api/events',
    scope: 'read',
    tag: 'Sync',
    summary: 'Follow the status and the runs as an event stream',
    description:
      'Server-Sent Events with `retry: 2000` and a comment every 15 s. The stream begins with a `status`. Further ones follow at the end of every run, and when the agent has reconnected to the Sync database. A client that is 64 kB behind is disconnected, and continues with its Last-Event-ID.',
    headers: {
      'Last-Event-ID': {
        description:
          'The last id that the client received. The runs that changed since then follow the first status, 200 at most',
        example: '128',
      },
    },
    answers: {
      200: {
        description: 'The stream; the data of every event is JSON on one line',
        content: {
          'text/event-stream': {
            schema: z.string(),
            example: `event: progress\ndata: ${JSON.stringify(example.progress)}\n\n`,
          },
        },
        events: {
          status: {
            description: 'The status; its id is the revision up to which every run was sent',
            schema: shape.status,
          },
          run: {
            description: 'A run changed; its id is the revision. Every final state is sent, others may be skipped',
            schema: shape.run,
          },
          unavailable: {
            description:
              'The agent has lost its Sync database, so earlier events may be outdated. A status follows when it has reconnected',
            schema: shape.unavailable,
          },
          progress: {
            description: 'The progress of a run, without an id, at most four a second for each run',
            schema: shape.progress,
          },
        },
      },
    },
    handle: async ({ c }, { streams }) => {
      if (c.req.method === 'HEAD') return c.body(null, 200, { 'Content-Type': 'text/event-stream; charset=utf-8' })
      const lastSeen = c.req.header('last-event-id') ?? ''
      await streams.open(c.env.outgoing, /^\d{1,15}$/.test(lastSeen) ? Number(lastSeen) : null)
      return RESPONSE_ALREADY_SENT
    },
  }),
]
