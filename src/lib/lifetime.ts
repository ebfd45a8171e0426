import { waitAtMost } from './timeout.ts'

/**
 * A part that runs until it is stopped. `stop` waits until nothing of it runs any more; it can be called again, and `await
 * using` calls it at the end of the block.
 */
export type Lifetime = AsyncDisposable & { stop: () => Promise<void> }

/** The time that requests and calls have to finish when the agent stops. Then they are answered with an error. */
export const stopGraceMs = 500

/**
 * Returns `part` with a `stop`. The first stop calls `end`, later ones wait for the same end. With `timeoutMs`, a stop waits
 * no longer than that, and the end of the process ends the rest.
 */
export function withLifetime<Part extends object>(
  part: Part,
  end: () => void | Promise<void>,
  { timeoutMs }: { timeoutMs?: number } = {},
): Part & Lifetime {
  const stop = stopOnce(end, { timeoutMs })
  return { ...part, stop, [Symbol.asyncDispose]: stop }
}

/** Returns the `stop` of a part: the first call calls `end`, as for `withLifetime`, and later calls wait for the same end. */
export function stopOnce(
  end: () => void | Promise<void>,
  { timeoutMs }: { timeoutMs?: number | undefined } = {},
): () => Promise<void> {
  let stopped: Promise<void> | undefined
  const endAsync = async () => await end()
  return () => {
    stopped ??= timeoutMs === undefined ? endAsync() : waitAtMost(timeoutMs, endAsync())
    return stopped
  }
}

/** Stops parts one after the other in the reverse order of `add`, also when one of them fails to stop. */
export type Stack = Lifetime & { add: <Part extends Pick<Lifetime, 'stop'>>(part: Part) => Part }

export function createStack(): Stack {
  const parts: Pick<Lifetime, 'stop'>[] = []
  const add = <Part extends Pick<Lifetime, 'stop'>>(part: Part) => {
    parts.push(part)
    return part
  }
  return withLifetime({ add }, async () => {
    const failures: unknown[] = []
    for (const part of parts.reverse()) await part.stop().catch((error) => failures.push(error))
    if (failures.length > 0) throw new AggregateError(failures, 'some parts did not stop')
  })
}

export type LoopOptions = {
  pass: () => Promise<void>
  /** The interval of passes. Without it, a pass begins only after `requestPass`. */
  everyMs?: number
  /** The time after which a failed pass is repeated. Without it, the next one begins at the interval. */
  retryMs?: number
  /** `repeated` is true when the previous pass failed too. */
  onError: (error: unknown, about: { repeated: boolean }) => void
  /** The timers for `everyMs`. Default: those of the process, which they keep alive. */
  timers?: Timers
}

type Timers = {
  setInterval: (work: () => void, ms: number) => unknown
  clearInterval: (timer: unknown) => void
}

/**
 * Repeats `pass`, never two at once, until it is stopped. A stop waits for the pass that is running. `requestPass` begins a
 * pass at once, or right after the one that is running; several calls before it begins result in one pass.
 */
export type Loop = Lifetime & { requestPass: () => void }

export function startLoop({ pass, everyMs, retryMs, onError, timers = processTimers }: LoopOptions): Loop {
  let stopped = false
  let due = false
  let repeated = false
  let retry: NodeJS.Timeout | undefined
  let current: Promise<void> = Promise.resolve()

  async function begin(): Promise<void> {
    due = false
    if (stopped) return
    try {
      await pass()
      repeated = false
    } catch (error) {
      onError(error, { repeated })
      repeated = true
      if (retryMs !== undefined && !stopped) retry = setTimeout(requestPass, retryMs)
    }
  }

  function requestPass(): void {
    if (due || stopped) return
    due = true
    clearTimeout(retry)
    current = current.then(begin)
  }

  const timer = everyMs === undefined ? undefined : timers.setInterval(requestPass, everyMs)
  return withLifetime({ requestPass }, async () => {
    stopped = true
    if (timer !== undefined) timers.clearInterval(timer)
    clearTimeout(retry)
    await current
  })
}

const processTimers: Timers = {
  setInterval: (work, ms) => setInterval(work, ms),
  clearInterval: (timer) => {
    if (timer instanceof Object) clearInterval(timer as NodeJS.Timeout)
  },
}

/** Timers that do not keep the process alive. */
export const backgroundTimers: Timers = {
  setInterval: (work, ms) => setInterval(work, ms).unref(),
  clearInterval: processTimers.clearInterval,
}
