import { z } from 'zod'
import * as shape from '../../wire/schemas.ts'
import * as example from './examples.ts'
import * as input from './inputs.ts'
import { json } from './operation.ts'
import { type Route, route } from './route.ts'

const answers = {
  200: {
    description: 'The decision that applies now; null when there is none',
    content: json(z.object({ keptDeletions: shape.keptDeletions.nullable() }), {
      keptDeletions: example.keptDeletions,
    }),
  },
}

/** The routes for the decision to keep held-back deletions for now. */
export const keptDeletionRoutes: readonly Route[] = [
  route({
    id: 'keepDeletions',
    method: 'post',
    path: '/api/kept-deletions',
    scope: 'operate',
    tag: 'Sync',
    summary: 'Keep held-back deletions for now',
    description:
      'Silences the notice, with a note, until a sync holds back other deletions or none. No meter changes, and the deletions can still be approved.',
    json: {
      schema: input.keepBody,
      example: { digest: example.keptDeletions.digest, note: example.keptDeletions.note },
      required: true,
    },
    answers,
    refusals: ['not_found', 'deletions_changed'],
    handle: async ({ c, body: { clientSystemId, digest, note } }, { agent }) => {
      const keptBy = c.get('login').name
      return c.json({ keptDeletions: await agent.keepDeletions({ clientSystemId, digest, note, keptBy }) })
    },
  }),
  route({
    id: 'releaseDeletions',
    method: 'delete',
    path: '/api/kept-deletions',
    scope: 'operate',
    tag: 'Sync',
    summary: 'Show the notice of held-back deletions again',
    query: input.clientSystemQuery,
    answers: { 204: { description: 'No deletions are kept' } },
    refusals: ['not_found'],
    handle: async ({ c, query: { clientSystemId } }, { agent }) => {
      await agent.releaseDeletions(clientSystemId)
      return c.body(null, 204)
    },
  }),
]
