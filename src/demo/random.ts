/** A number from 0 to below 1, like Math.random. */
export type Random = () => number

/** Returns a random one of `choices`. Throws RangeError when there are none. */
export function pick<T>(choices: readonly T[], random: Random): T {
  const chosen = choices[Math.floor(random() * choices.length)]
  if (chosen === undefined) throw new RangeError('There is nothing to pick from')
  return chosen
}

/** Returns up to `count` random elements of `choices`, each at most once. */
export function sample<T>(choices: readonly T[], count: number, random: Random): T[] {
  const left = [...choices]
  const chosen: T[] = []
  while (chosen.length < count && left.length > 0) {
    chosen.push(...left.splice(Math.floor(random() * left.length), 1))
  }
  return chosen
}

/** Returns a generator of random numbers that are the same everywhere (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
