import type { HttpBindings } from '@hono/node-server'
import type { Login } from '../agent.ts'

/** What handlers and middleware get with a request: the sockets of Node.js, and the login once it has been checked. */
export type RequestEnv = { Bindings: HttpBindings; Variables: { login: Login } }
