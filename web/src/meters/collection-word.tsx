import type { CollectionState } from '../../../src/wire/types.ts'
import type { IconName } from '../ui/drawings.ts'
import { Icon } from '../ui/icon.tsx'
import type { Tone } from '../ui/words.ts'

/** The words of the collection view, for one meter. */
export const collectionWords: Record<CollectionState, { word: string; icon: IconName; tone: Tone }> = {
  reporting: { word: 'Reporting', icon: 'check', tone: 'good' },
  late: { word: 'Late', icon: 'clock', tone: 'attention' },
  silent: { word: 'Silent', icon: 'warning', tone: 'bad' },
  never: { word: 'Never reported', icon: 'empty', tone: 'attention' },
  stillReporting: { word: 'Still reporting', icon: 'broken', tone: 'attention' },
  quiet: { word: 'Quiet', icon: 'minus', tone: 'quiet' },
}

/** Whether the readings of a meter come as often as expected. */
export function CollectionWord({ state }: { state: CollectionState }) {
  const { word, icon, tone } = collectionWords[state]
  return (
    <span class="outcome" data-tone={tone}>
      <Icon name={icon} />
      {word}
    </span>
  )
}
