import type { ClientSystemRef } from '../agent.ts'
import type { ClientSystem } from '../config/environment.ts'
import { AgentError } from '../lib/errors.ts'

/**
 * Returns the Client System with this id; for null, the only one. Throws AgentError `not_found` for an unknown id, and
 * `bad_request` for null where there are several.
 */
export function findClientSystem(clientSystems: readonly ClientSystem[], id: string | null): ClientSystem {
  const [only, ...others] = clientSystems
  if (id === null && only && others.length === 0) return only
  const found = clientSystems.find((candidate) => candidate.id === id)
  if (found) return found
  const hint = `Known are: ${clientSystems.map((known) => known.id).join(', ')}`
  if (id === null) throw new AgentError('bad_request', 'Name the Client System: clientSystemId', { hint })
  throw new AgentError('not_found', `There is no Client System ${id}`, { hint })
}

/** Returns a filter or request with the id of its Client System. Throws as `findClientSystem` does. */
export function withClientSystem<Request extends ClientSystemRef>(
  clientSystems: readonly ClientSystem[],
  request: Request,
): Omit<Request, 'clientSystemId'> & { clientSystemId: string } {
  return { ...request, clientSystemId: findClientSystem(clientSystems, request.clientSystemId).id }
}
