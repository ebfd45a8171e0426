/** A preview in words. Pure. */
import type { Counts, Preview } from '../../src/events.ts'
import type { IconName } from './drawings.ts'
import { formatCount, plural } from './format.ts'
import type { Tone } from './words.ts'

/** How many meters a run would change; a deletion that is held back changes none. */
export function changesOf({ inserted, updated, deleted }: Counts): number {
  return inserted + updated + deleted
}

/** The answer to a glance: would anything change, and would the guard step in? */
export function glanceOf({ counts }: Preview): { words: string; icon: IconName; tone: Tone } {
  const changes = changesOf(counts)
  const held = `${plural(counts.withheld, 'deletion')} would be held back`
  if (changes === 0 && counts.withheld > 0) return { words: held, icon: 'hand', tone: 'attention' }
  if (changes === 0) return { words: 'Nothing would change', icon: 'check', tone: 'good' }
  const words = `${plural(changes, 'meter')} would change`
  if (counts.withheld > 0) return { words: `${words}, ${held}`, icon: 'hand', tone: 'attention' }
  return { words, icon: 'eye', tone: 'accent' }
}

/** What was compared, for the figures' foot. */
export function comparedOf({ read, unchanged, rejected }: Counts): string {
  const rest = rejected > 0 ? `, ${formatCount(rejected)} would be rejected` : ''
  return `${plural(read, 'row')} read, ${formatCount(unchanged)} unchanged${rest}.`
}

/** How much of the changes a preview lists: "3 changes", "The first 100 of 1,234 changes, by external id". */
export function listedOf({ counts, changes }: Preview): string {
  const all = changesOf(counts) + counts.withheld
  if (changes.length >= all) return plural(all, 'change')
  return `The first ${formatCount(changes.length)} of ${plural(all, 'change')}, by external id`
}

/** What a listener hears when the preview is there. */
export function announcedOf(preview: Preview): string {
  const { inserted, updated, deleted } = preview.counts
  const { words } = glanceOf(preview)
  if (changesOf(preview.counts) === 0) return `Preview: ${words.toLowerCase()}.`
  const figures = [`${formatCount(inserted)} to insert`, `${formatCount(updated)} to update`]
  return `Preview: ${[words, ...figures, `${formatCount(deleted)} to delete`].join(', ')}.`
}
