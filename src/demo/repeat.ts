import { setTimeout as pause } from 'node:timers/promises'
import { errorMessage } from '../lib/errors.ts'
import { type Lifetime, withLifetime } from '../lib/lifetime.ts'
import type { Log } from '../lib/log.ts'

export type RepeatOptions = {
  /** The name of the work in the log. */
  name: string
  /** Returns the time until it runs again, in milliseconds. */
  work: () => Promise<number>
  firstAfterMs: number
  /** The time after which work that failed runs again. */
  retryMs: number
  log: Log
}

/**
 * Repeats `work`, never two at a time, until it is stopped. Each run determines the time of the next one. A stop waits for
 * work that is in progress. Does not keep the process alive.
 */
export function startRepeating({ name, work, firstAfterMs, retryMs, log }: RepeatOptions): Lifetime {
  const stopping = new AbortController()
  const { signal } = stopping

  async function run(): Promise<void> {
    for (let waitMs = firstAfterMs; ; ) {
      await pause(waitMs, undefined, { ref: false, signal })
      try {
        waitMs = await work()
      } catch (error) {
        if (signal.aborted) return
        waitMs = retryMs
        log.debug({ err: errorMessage(error) }, `demonstration: ${name} failed; retrying`)
      }
    }
  }

  // Only the pause can throw here, when it is aborted.
  const ended = run().catch(() => undefined)
  return withLifetime({}, () => {
    stopping.abort()
    return ended
  })
}

/** Returns the milliseconds until the next time that is `offsetMs` after a multiple of `everyMs` since the epoch. */
export function untilNext(everyMs: number, offsetMs: number): number {
  return everyMs - ((((Date.now() - offsetMs) % everyMs) + everyMs) % everyMs)
}
