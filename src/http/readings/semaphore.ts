/** Limits how many callers do something at once. */
type Semaphore = {
  /** Waits, in the order of the calls, until fewer than the maximum hold a place. Disposing the result frees the place. */
  acquire: () => Promise<Disposable>
}

export function createSemaphore(max: number): Semaphore {
  const waiting: (() => void)[] = []
  let held = 0
  const release = () => {
    const next = waiting.shift()
    if (next) next()
    else held--
  }
  return {
    acquire: async () => {
      if (held < max) held++
      else await new Promise<void>((resolve) => waiting.push(resolve))
      return { [Symbol.dispose]: release }
    },
  }
}
