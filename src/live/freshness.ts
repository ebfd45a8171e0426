import type { ClientSystem } from '../config/environment.ts'
import type { ClientSystemStatus, Run } from '../wire/types.ts'

/**
 * Compares the age of the last success with the limit of the Client System, for page and alerts. `nowMs` is the current time.
 */
export function computeFreshness(
  lastSuccess: Run | null,
  clientSystem: Pick<ClientSystem, 'freshnessMs'>,
  nowMs: number,
): ClientSystemStatus['freshness'] {
  if (!lastSuccess?.finishedAt) return 'never'
  return nowMs - Date.parse(lastSuccess.finishedAt) > clientSystem.freshnessMs ? 'stale' : 'fresh'
}
