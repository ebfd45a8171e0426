import * as shape from '../../wire/schemas.ts'
import type { Session } from '../../wire/types.ts'
import { sessionBody } from './inputs.ts'
import { json } from './operation.ts'
import { type Route, route } from './route.ts'

/** The routes for the login of a browser. */
export const sessionRoutes: readonly Route[] = [
  route({
    id: 'getSession',
    method: 'get',
    path: '/api/session',
    scope: null,
    tag: 'Session',
    summary: 'Whether a login is needed, and who is logged in',
    description: 'For the page, which can read neither its cookie nor the reason why an event stream was refused.',
    access: 'open',
    answers: {
      200: {
        description: 'The login',
        content: json(shape.session, {
          required: true,
          loggedIn: true,
          name: 'operator',
          scopes: ['read', 'operate'],
        }),
      },
    },
    refusals: ['unauthorized', 'too_many_requests', 'database_unavailable'],
    handle: async ({ c }, { authentication: { identify, required } }) => {
      const login = await identify(c)
      const { name = null, scopes = [] } = login ?? {}
      return c.json({ required: required(), loggedIn: required() && login !== null, name, scopes } satisfies Session)
    },
  }),
  route({
    id: 'logIn',
    method: 'post',
    path: '/api/session',
    scope: null,
    tag: 'Session',
    summary: 'Log in',
    access: 'open',
    json: { schema: sessionBody, example: { token: '…' }, required: true },
    answers: {
      204: {
        description: 'Logged in for twelve hours',
        headers: { 'Set-Cookie': 'The session, HttpOnly and SameSite=Strict' },
      },
    },
    refusals: ['unauthorized', 'too_many_requests', 'forbidden_scope', 'database_unavailable'],
    handle: async ({ c, body }, { authentication }) => await authentication.logIn(c, body.token),
  }),
  route({
    id: 'logOut',
    method: 'delete',
    path: '/api/session',
    scope: null,
    tag: 'Session',
    summary: 'Log out',
    access: 'open',
    answers: {
      204: { description: 'The session has ended, in every process', headers: { 'Set-Cookie': 'Deletes the cookie' } },
    },
    refusals: ['database_unavailable'],
    handle: async ({ c }, { authentication }) => await authentication.logOut(c),
  }),
]
