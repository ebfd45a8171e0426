/** Waits for `answer` and returns it. Throws an Error after `timeoutMs`; a later answer is dropped. */
export async function withTimeout<T>(timeoutMs: number, answer: Promise<T>): Promise<T> {
  answer.catch(() => undefined)
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1_000} s`)), timeoutMs)
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Waits for `work`, but not longer than `timeoutMs`; then it continues on its own. Throws its error when it fails in time. */
export async function waitAtMost(timeoutMs: number, work: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, timeoutMs)
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Waits for `answer` and returns it. Throws the reason of `signal` when that aborts first; a later answer is dropped. */
export async function unlessAborted<T>(signal: AbortSignal, answer: Promise<T>): Promise<T> {
  answer.catch(() => undefined)
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort)
  try {
    return await Promise.race([answer, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
