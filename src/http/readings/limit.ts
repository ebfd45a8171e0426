/** Limits how many callers do something at once. */
type Limit = {
  /** Waits until fewer than the maximum are inside, in the order of the calls. Disposing the result leaves. */
  enter: () => Promise<Disposable>
}

export function createLimit(max: number): Limit {
  const waiting: (() => void)[] = []
  let inside = 0
  const leave = () => {
    const next = waiting.shift()
    if (next) next()
    else inside--
  }
  return {
    enter: async () => {
      if (inside < max) inside++
      else await new Promise<void>((admit) => waiting.push(admit))
      return { [Symbol.dispose]: leave }
    },
  }
}
