import { z } from 'zod'
import { cursorText } from '../../wire/cursors.ts'
import { runFinishedError } from '../../wire/run-state-error.ts'
import * as shape from '../../wire/schemas.ts'
import * as example from './examples.ts'
import * as input from './inputs.ts'
import { json, page } from './operation.ts'
import { type Route, route } from './route.ts'

/** The routes for runs, their changes and their rejected rows. */
export const runRoutes: readonly Route[] = [
  route({
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
    refusals: ['not_found'],
    handle: async ({ c, query }, { agent }) => {
      const { items, next } = await agent.runs(query)
      return c.json({ runs: items, next: cursorText(next) })
    },
  }),
  route({
    id: 'getRunHistory',
    method: 'get',
    path: '/api/history',
    scope: 'read',
    tag: 'Runs',
    summary: 'The syncs of the last 90 days, by hour',
    query: input.clientSystemQuery,
    answers: {
      200: { description: 'The hours and their outcomes', content: json(shape.runHistory, example.runHistory) },
    },
    refusals: ['not_found'],
    handle: async ({ c, query: { clientSystemId } }, { agent }) => c.json(await agent.runHistory(clientSystemId)),
  }),
  route({
    id: 'getRun',
    method: 'get',
    path: '/api/runs/{id}',
    scope: 'read',
    tag: 'Runs',
    summary: 'One run',
    pathId: input.runId,
    query: input.noQuery,
    answers: { 200: { description: 'The run', content: json(shape.run, example.succeeded) } },
    handle: async ({ c, id }, { agent }) => c.json(await agent.run(id)),
  }),
  route({
    id: 'cancelRun',
    method: 'post',
    path: '/api/runs/{id}/cancel',
    scope: 'operate',
    tag: 'Runs',
    summary: 'Cancel a run',
    description: 'The run stops in both databases, and changes no meter.',
    pathId: input.runId,
    json: { schema: input.noBody, description: 'No body, or an empty object' },
    answers: {
      202: {
        description: 'The run was cancelled',
        content: json(z.object({ run: shape.run }), { run: example.cancelled }),
      },
    },
    refusals: ['run_finished'],
    handle: async ({ c, id }, { agent }) => {
      const { run, cancelled } = await agent.cancel(id)
      if (cancelled) return c.json({ run }, 202)
      throw runFinishedError(run, 'Read its result; only an active run can be cancelled')
    },
  }),
  route({
    id: 'listRunChanges',
    method: 'get',
    path: '/api/runs/{id}/changes',
    scope: 'read',
    tag: 'Runs',
    summary: 'The changes of a run, by external id',
    pathId: input.runId,
    query: input.changesQuery,
    answers: {
      200: {
        description: 'A page of changes, including the first 1,000 withheld deletions',
        content: json(page('changes', shape.change), { changes: [example.change], next: example.next }),
      },
    },
    handle: async ({ c, id, query: { operation, after, limit } }, { agent }) => {
      const { items, next } = await agent.changes(id, { operation, after, limit })
      return c.json({ changes: items, next: cursorText(next) })
    },
  }),
  route({
    id: 'listRejectedRows',
    method: 'get',
    path: '/api/runs/{id}/rejected',
    scope: 'read',
    tag: 'Runs',
    summary: 'The rows that a run rejected',
    description: 'The first 1,000 of a run, kept for 7 days and for the latest run.',
    pathId: input.runId,
    query: input.rejectedQuery,
    answers: {
      200: {
        description: 'A page of rejected rows',
        content: json(page('rejected', shape.rejected), { rejected: [example.rejected], next: null }),
      },
    },
    handle: async ({ c, id, query: { after, limit } }, { agent }) => {
      const { items, next } = await agent.rejected(id, { after: after ?? 0, limit })
      return c.json({ rejected: items, next: cursorText(next) })
    },
  }),
]
