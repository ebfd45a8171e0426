import type { FlaggedReading } from '../../../src/wire/types.ts'

type Flag = FlaggedReading['flags'][number]

const flagWords: Record<Flag, string> = {
  decrease: 'lower than before',
  rollover: 'began at zero again',
  meter_replaced: 'meter replaced',
  future: 'in the future',
  unit: 'other unit than the meter',
}

/** A triangle for what may be wrong, a diamond for a decrease that is explained: distinguished without colour. */
const shapes = { doubtful: 'M0 -6.5L6.5 5H-6.5Z', explained: 'M0 -6L6 0L0 6L-6 0Z' }

function kindOf(flags: readonly Flag[]): keyof typeof shapes {
  return flags.some((flag) => !['rollover', 'meter_replaced'].includes(flag)) ? 'doubtful' : 'explained'
}

export function isDoubtful({ flags }: FlaggedReading): boolean {
  return flags.length > 0 && kindOf(flags) === 'doubtful'
}

/** The mark of a flagged reading, around the origin of an SVG. */
export function FlagMark({ flags }: { flags: readonly Flag[] }) {
  const kind = kindOf(flags)
  return <path class="flag-mark" data-kind={kind} d={shapes[kind]} />
}

/** The same mark within a text. */
export function FlagIcon({ flags }: { flags: readonly Flag[] }) {
  return (
    <svg class="icon" viewBox="-8 -8 16 16" aria-hidden="true">
      <FlagMark flags={flags} />
    </svg>
  )
}

/** "lower than before, in the future". */
export function wordsOf(flags: readonly Flag[]): string {
  return flags.map((flag) => flagWords[flag]).join(', ')
}
