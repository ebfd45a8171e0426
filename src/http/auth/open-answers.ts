import type { ServerResponse } from 'node:http'
import type { Access, Login } from '../../agent.ts'
import type { Operation } from '../routes/operation.ts'

/** Registers an answer that begins, so that it is ended when its login becomes invalid. Event streams last for hours. */
export type RegisterAnswer = (login: Login, response: ServerResponse, operation: Operation) => void

/** Returns the function that registers the answers of one server. */
export function createOpenAnswers(access: Access): RegisterAnswer {
  const open = new Map<ServerResponse, { login: Login; operation: Operation }>()
  access.onRefresh(() => {
    for (const [response, { login, operation }] of open) {
      if (login.valid()) continue
      // The agent itself writes an event stream and stops at its end, so it can end properly.
      if (operation.id === 'watchEvents' && response.headersSent) response.end()
      else response.destroy()
    }
  })
  return (login, response, operation) => {
    open.set(response, { login, operation })
    response.once('close', () => open.delete(response))
  }
}
