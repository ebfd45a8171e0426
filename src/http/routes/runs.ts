import { z } from 'zod'
import * as shape from '../../wire/schemas.ts'
import * as example from './examples.ts'
import * as input from './inputs.ts'
import { json, type Operation, page } from './operation.ts'

const runAnswer = z.object({ run: shape.run })
const away = ['database_unavailable'] as const
const next = 'eyJhdCI6IjIwMjYifQ'

/** Syncs and runs. */
export const runOperations: readonly Operation[] = [
  {
    id: 'getStatus',
    method: 'get',
    path: '/api/status',
    scope: 'read',
    tag: 'Sync',
    summary: 'How things stand',
    description:
      'For each Client System: the active run, the last ones, the numbers of meters, and how fresh they are.',
    answers: { 200: { description: 'The status', content: json(shape.status, example.status) } },
    refusals: away,
  },
  {
    id: 'startSync',
    method: 'post',
    path: '/api/sync',
    scope: 'operate',
    tag: 'Sync',
    summary: 'Start a sync',
    description:
      'Answers at once with the run, which goes on by itself. One at a time: while one is active, it is named.',
    body: { content: json(input.syncBody, { full: true }) },
    answers: {
      202: {
        description: 'The run was queued',
        headers: { Location: 'Where the run can be followed: /api/runs/{id}' },
        content: json(runAnswer, { run: example.queued }),
      },
    },
    refusals: ['run_active', 'not_found', ...away],
  },
  {
    id: 'previewSync',
    method: 'post',
    path: '/api/preview',
    scope: 'operate',
    tag: 'Sync',
    summary: 'Tell what a sync would do now',
    description: 'Reads and compares as a sync does, and writes nothing.',
    body: { content: json(input.previewBody) },
    answers: { 200: { description: 'What would change', content: json(shape.preview, example.preview) } },
    refusals: ['run_active', 'not_found', ...away],
    asksSource: true,
  },
  {
    id: 'watchEvents',
    method: 'get',
    path: '/api/events',
    scope: 'read',
    tag: 'Sync',
    summary: 'Watch, as an event stream',
    description:
      'Server-Sent Events; `retry: 2000`, and a comment every 15 s. A `status` comes first, after every run that ends, and after the agent has come back to its database; an `unavailable` when it has lost it. A watcher that falls 64 kB behind is closed, and comes back with its Last-Event-ID.',
    headers: {
      'Last-Event-ID': {
        description: 'The id seen last: the runs that changed since follow the first status, 200 at most',
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
            description: 'How things stand; its id is the revision up to which every run was sent',
            schema: shape.status,
          },
          run: {
            description: 'A run changed; its id is the revision. Every final state comes, others may be skipped',
            schema: shape.run,
          },
          unavailable: {
            description:
              'The agent has lost its Sync database: what was sent before may no longer be true. A status follows when it is back',
            schema: shape.unavailable,
          },
          progress: {
            description: 'How far a run is, without an id, at most four a second for each run',
            schema: shape.progress,
          },
        },
      },
    },
    refusals: away,
  },
  {
    id: 'listRuns',
    method: 'get',
    path: '/api/runs',
    scope: 'read',
    tag: 'Runs',
    summary: 'List runs, newest first',
    query: input.runsQuery,
    answers: {
      200: {
        description: 'A page of runs',
        content: json(page('runs', shape.run), { runs: [example.succeeded], next: null }),
      },
    },
    refusals: ['not_found', ...away],
  },
  {
    id: 'getRun',
    method: 'get',
    path: '/api/runs/{id}',
    scope: 'read',
    tag: 'Runs',
    summary: 'One run',
    pathId: { schema: input.runId, example: example.succeeded.id },
    query: input.noQuery,
    answers: { 200: { description: 'The run', content: json(shape.run, example.succeeded) } },
    refusals: away,
  },
  {
    id: 'cancelRun',
    method: 'post',
    path: '/api/runs/{id}/cancel',
    scope: 'operate',
    tag: 'Runs',
    summary: 'Cancel a run',
    description: 'The work stops in both databases, and no meter was changed.',
    pathId: { schema: input.runId, example: example.succeeded.id },
    body: { description: 'None, or an empty object', content: json(input.noBody) },
    answers: { 202: { description: 'The run was cancelled', content: json(runAnswer, { run: example.cancelled }) } },
    refusals: ['run_finished', ...away],
  },
  {
    id: 'listRunChanges',
    method: 'get',
    path: '/api/runs/{id}/changes',
    scope: 'read',
    tag: 'Runs',
    summary: 'What a run changed, by external id',
    pathId: { schema: input.runId, example: example.succeeded.id },
    query: input.changesQuery,
    answers: {
      200: {
        description: 'A page of changes; withheld deletions are among them, the first 1,000',
        content: json(page('changes', shape.change), { changes: [example.change], next }),
      },
    },
    refusals: away,
  },
  {
    id: 'listRejectedRows',
    method: 'get',
    path: '/api/runs/{id}/rejected',
    scope: 'read',
    tag: 'Runs',
    summary: 'The rows that a run could not use',
    description: 'The first 1,000 of a run, kept for 7 days and for the latest run.',
    pathId: { schema: input.runId, example: example.succeeded.id },
    query: input.rejectedQuery,
    answers: {
      200: {
        description: 'A page of rejected rows',
        content: json(page('rejected', shape.rejected), { rejected: [example.rejected], next: null }),
      },
    },
    refusals: away,
  },
]
