import type pg from 'pg'
import { type Lifetime, startLoop, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'
import { needsSync } from '../readings/waiting.ts'
import { automaticRequest, type TriggerRun } from '../runs/trigger.ts'

/** Readings that arrive shortly after each other start one sync, at most this long after the first. */
const debounceMs = 2_000

/** Starts a sync for readings of meters that are not known yet. */
export type WaitingSyncs = Lifetime & {
  /** Requests a sync, because readings of the Client System have begun to wait. */
  request: (clientSystemId: string) => void
}

export type WaitingSyncsOptions = { pool: pg.Pool; trigger: TriggerRun; log: Log }

/**
 * Starts one sync for an external id, however many readings it has, because a typo must not start one every hour. While a sync
 * is active, another one is started after it: the active one may have read the Client System before the meter was added.
 */
export function createWaitingSyncs({ pool, trigger, log }: WaitingSyncsOptions): WaitingSyncs {
  const waiting = new Set<string>()
  const loop = startLoop({
    everyMs: debounceMs,
    pass: async () => {
      for (const clientSystemId of waiting) {
        if (await needsSync(pool, clientSystemId)) {
          const { created } = await trigger(automaticRequest(clientSystemId, 'readings'))
          if (!created) continue
        }
        waiting.delete(clientSystemId)
      }
    },
    onError: (err, { repeated }) => {
      if (!repeated) log.warn({ err }, 'a sync for readings of unknown meters could not be started; retrying')
    },
  })
  return withLifetime({ request: (clientSystemId: string) => void waiting.add(clientSystemId) }, loop.stop)
}
