import type { ClientSystem } from '../config/environment.ts'
import type { ClientSystemStatus, Run } from '../wire/types.ts'

/** Whether the last success is young enough: what the page shows is what an alert tells. `now` in milliseconds. */
export function computeFreshness(
  lastSuccess: Run | null,
  clientSystem: Pick<ClientSystem, 'freshnessMs'>,
  now: number,
): ClientSystemStatus['freshness'] {
  if (!lastSuccess?.finishedAt) return 'never'
  return now - Date.parse(lastSuccess.finishedAt) > clientSystem.freshnessMs ? 'stale' : 'fresh'
}
