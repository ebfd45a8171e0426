/** The words for a preview. Pure. */
import type { Counts, Preview } from '../../../src/wire/types.ts'
import type { IconName } from '../ui/drawings.ts'
import { formatCount, plural } from '../ui/format.ts'
import type { Tone } from '../ui/words.ts'

/** Returns how many meters a run would change. A deletion that is held back changes none. */
export function changesOf({ inserted, updated, deleted }: Counts): number {
  return inserted + updated + deleted
}

/** Returns the headline of a preview: whether anything would change, and whether deletions would be held back. */
export function glanceOf({ counts }: Preview): { words: string; icon: IconName; tone: Tone } {
  const changes = changesOf(counts)
  const guarded = counts.withheld > 0
  if (changes === 0 && !guarded) return { words: 'Nothing would change', icon: 'check', tone: 'good' }
  const words = changes === 0 ? heldOf(counts) : `${plural(changes, 'meter')} would change`
  return guarded ? { words, icon: 'hand', tone: 'attention' } : { words, icon: 'eye', tone: 'accent' }
}

/** "40 deletions would be held back". */
export function heldOf({ withheld }: Counts): string {
  return `${plural(withheld, 'deletion')} would be held back`
}

/** Returns what was compared, as the sentence below the counts. */
export function comparedOf({ read, unchanged, rejected }: Counts): string {
  const rest = rejected > 0 ? `, ${formatCount(rejected)} would be rejected` : ''
  return `${plural(read, 'row')} read, ${formatCount(unchanged)} unchanged${rest}.`
}

/** Returns how many changes there are, and whether the preview lists all of them: "3", "the first 100 of 1,234, by external id". */
export function listedOf({ counts, changes }: Preview): string {
  const all = changesOf(counts) + counts.withheld
  if (changes.length >= all) return formatCount(all)
  return `the first ${formatCount(changes.length)} of ${formatCount(all)}, by external id`
}

/** Returns what is announced to screen readers when the preview is ready. */
export function announcedOf(preview: Preview): string {
  const { counts } = preview
  const { inserted, updated, deleted, withheld } = counts
  const figures =
    changesOf(counts) === 0
      ? []
      : [
          `${formatCount(inserted)} to insert`,
          `${formatCount(updated)} to update`,
          `${formatCount(deleted)} to delete`,
          ...(withheld > 0 ? [heldOf(counts)] : []),
        ]
  return `Preview: ${[glanceOf(preview).words.toLowerCase(), ...figures].join(', ')}.`
}
