import type { Agent } from '../agent.ts'
import { drizzle } from '../db/drizzle.ts'
import { NotFoundError } from '../lib/errors.ts'
import { listChanges, listRejected } from '../meters/changes.ts'
import { readRunHistory } from '../runs/history.ts'
import { keepDeletions, listKeptDeletions, releaseDeletions } from '../runs/kept-deletions.ts'
import { findActiveRun, findRun, listRuns } from '../runs/list.ts'
import type { Run } from '../wire/types.ts'
import { findClientSystem, withClientSystem } from './client-systems.ts'
import type { AgentParts } from './parts.ts'

type RunMethods = Pick<
  Agent,
  | 'trigger'
  | 'preview'
  | 'cancel'
  | 'keepDeletions'
  | 'releaseDeletions'
  | 'activeRun'
  | 'run'
  | 'runs'
  | 'runHistory'
  | 'changes'
  | 'rejected'
>

/** Returns the methods of the agent that request, end, and list runs. */
export function createRunMethods(parts: AgentParts): RunMethods {
  const { clientSystems, pools } = parts
  const db = drizzle(pools.short)
  const run: Agent['run'] = (id) => requireRun(parts, id)

  return {
    run,

    trigger: async (request) => await parts.trigger(withClientSystem(clientSystems, request)),

    preview: async (clientSystemId, signal) => {
      const clientSystem = findClientSystem(clientSystems, clientSystemId)
      const active = await findActiveRun(db, clientSystem.id)
      return active ? { active } : { preview: await parts.previews.preview(clientSystem, signal) }
    },

    cancel: async (id) => {
      const cancelled = await parts.cancel(await run(id))
      return { run: await run(id), cancelled }
    },

    keepDeletions: async (request) => {
      const { id } = findClientSystem(clientSystems, request.clientSystemId)
      await keepDeletions(pools.short, { ...request, clientSystemId: id })
      return (await listKeptDeletions(db, [id])).get(id) ?? null
    },

    releaseDeletions: async (clientSystemId) =>
      await releaseDeletions(pools.short, findClientSystem(clientSystems, clientSystemId).id),

    activeRun: async (clientSystemId) => await findActiveRun(db, findClientSystem(clientSystems, clientSystemId).id),

    runs: async ({ limit, ...filter }) =>
      await listRuns(drizzle(pools.long), withClientSystem(clientSystems, filter), limit),

    runHistory: async (clientSystemId) =>
      await readRunHistory(pools.long, findClientSystem(clientSystems, clientSystemId)),

    changes: async (runId, { limit, ...filter }) => {
      const { clientSystemId, counts } = await run(runId)
      const inserted = (counts?.inserted ?? 0) > 0
      return await listChanges(pools.long, { runId, clientSystemId, inserted, ...filter }, limit)
    },

    rejected: async (runId, { after, limit }) => {
      await run(runId)
      return await listRejected(pools.long, runId, after, limit)
    },
  }
}

/** Returns a run of a Client System of this agent. Throws `not_found` for any other id. */
async function requireRun({ clientSystems, pools }: AgentParts, id: string): Promise<Run> {
  const run = await findRun(drizzle(pools.short), id)
  if (run && clientSystems.some((clientSystem) => clientSystem.id === run.clientSystemId)) return run
  throw new NotFoundError('run', id)
}
