import { setTimeout as pause } from 'node:timers/promises'
import { errorMessage } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'

export type Rhythm = {
  /** Waits for the work in flight; callable twice. */
  stop: () => Promise<void>
}

/**
 * Does `work` again and again, never twice at a time, until it is stopped. `work` returns the milliseconds until the next
 * time; when it throws it is done again after `afterFailure`. Keeps no process alive.
 */
export function startRhythm({ name, work, first, afterFailure, log }: RhythmOptions): Rhythm {
  const stopping = new AbortController()
  const { signal } = stopping

  async function run(): Promise<void> {
    for (let wait = first; ; ) {
      await pause(wait, undefined, { ref: false, signal })
      try {
        wait = await work()
      } catch (error) {
        if (signal.aborted) return
        wait = afterFailure
        log.debug({ err: errorMessage(error) }, `demonstration: ${name} failed and is done again`)
      }
    }
  }

  // Only the pause throws, when it is cut short.
  const ended = run().catch(() => undefined)
  return {
    stop: () => {
      stopping.abort()
      return ended
    },
  }
}

type RhythmOptions = { name: string; work: () => Promise<number>; first: number; afterFailure: number; log: Log }

/** Milliseconds until the next moment that is `offset` after a multiple of `every`, counted from the epoch. */
export function untilNext(every: number, offset: number): number {
  return every - ((((Date.now() - offset) % every) + every) % every)
}
