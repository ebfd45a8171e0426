import * as shape from '../../wire/schemas.ts'
import * as example from './examples.ts'
import * as input from './inputs.ts'
import { json } from './operation.ts'
import { type Route, route } from './route.ts'

/** The configuration, to read. It is changed by variables, at a start. */
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
]
