import { z } from 'zod'
import * as shape from '../../wire/schemas.ts'
import * as example from './examples.ts'
import * as input from './inputs.ts'
import { json } from './operation.ts'
import { type Route, route } from './route.ts'

/** The routes for the configuration, which they only read, and for a test of the alert channels. */
export const settingsRoutes: readonly Route[] = [
  route({
    id: 'getSettings',
    method: 'get',
    path: '/api/settings',
    scope: 'read',
    tag: 'Service',
    summary: 'The configuration of this process, without passwords and tokens',
    query: input.noQuery,
    answers: { 200: { description: 'The settings', content: json(shape.settings, example.settings) } },
    handle: ({ c }, { agent }) => c.json(agent.settings),
  }),
  route({
    id: 'testAlerts',
    method: 'post',
    path: '/api/alerts/test',
    scope: 'operate',
    tag: 'Service',
    summary: 'Send a test alert',
    description:
      'Sends one alert of the type `meter_sync.test` to each alert channel of this process, once, and waits for the answers. At most one in 5 s.',
    json: { schema: input.noBody },
    answers: {
      200: {
        description: 'The result of each channel; none where no channel is set',
        content: json(z.object({ results: z.array(shape.alertTest) }), { results: [example.alertTest] }),
      },
    },
    refusals: ['too_many_requests'],
    handle: async ({ c }, { agent }) => c.json({ results: await agent.testAlerts() }),
  }),
]
