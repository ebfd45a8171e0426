import type { Agent } from '../agent.ts'
import { exitStatus } from './exit-status.ts'
import { print, printError, printJson } from './output.ts'

/** Cancels the active sync of a Client System. Returns the exit status: done also when none is active. */
export async function cancel(
  agent: Agent,
  { clientSystemId, json }: { clientSystemId: string | null; json: boolean },
): Promise<number> {
  const active = await agent.activeRun(clientSystemId)
  const { run, cancelled } = active ? await agent.cancel(active.id) : { run: null, cancelled: false }
  if (json) printJson(run)
  else if (run === null) print('No sync is active')
  else if (cancelled) print(`Run ${run.id} is cancelled; no meter was changed`)
  if (run === null || cancelled) return exitStatus.done
  printError(`Run ${run.id} ended as ${run.status} before it could be cancelled`)
  return exitStatus.failed
}
