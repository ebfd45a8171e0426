import type { ServerResponse } from 'node:http'
import type { Access, Login } from '../../agent.ts'
import type { Operation } from '../routes/operation.ts'

/**
 * Returns a function that registers the answer to a request. When its login becomes invalid, the answer is cut. This matters
 * for event streams, which last for hours.
 */
export function createAnswerCutter(
  access: Access,
): (login: Login, response: ServerResponse, operation: Operation) => void {
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
