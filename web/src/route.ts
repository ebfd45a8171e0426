/** The page's addresses: `#/` and `#/runs/ID`, with a part of the run where one is meant. Pure. */
import type { ChangeOperation } from '../../src/events.ts'

export type RunPart = ChangeOperation | 'rejected'
export type Route = { runId: string | null; part: RunPart | null }

const parts: readonly RunPart[] = ['insert', 'update', 'delete', 'restore', 'withheld', 'rejected']

/** The route that an address' hash stands for; one that is not known is the page itself. */
export function parseRoute(hash: string): Route {
  const match = /^#\/runs\/([\w-]+)(?:\/(\w+))?$/.exec(hash)
  return { runId: match?.[1] ?? null, part: parts.find((part) => part === match?.[2]) ?? null }
}

/** The address of a run, or of a part of it; of the page when there is no run. */
export function addressOf(runId: string | null, part: RunPart | null = null): string {
  if (runId === null) return '#/'
  return part === null ? `#/runs/${runId}` : `#/runs/${runId}/${part}`
}
