import type { ClientSystem } from '../config/environment.ts'
import type { ClientSystemStatus, Run } from '../wire/types.ts'

/** Compares the age of the last success with the limit of the Client System. Page and alerts both use it. `now` is in milliseconds. */
export function computeFreshness(
  lastSuccess: Run | null,
  clientSystem: Pick<ClientSystem, 'freshnessMs'>,
  now: number,
): ClientSystemStatus['freshness'] {
  if (!lastSuccess?.finishedAt) return 'never'
  return now - Date.parse(lastSuccess.finishedAt) > clientSystem.freshnessMs ? 'stale' : 'fresh'
}
