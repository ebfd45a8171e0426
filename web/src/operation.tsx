import type { ChangeOperation } from '../../src/events.ts'
import { Icon } from './icon.tsx'
import { operationWords } from './words.ts'

/** What happened to a meter: its word, icon and colour. */
export function Operation({ operation }: { operation: ChangeOperation }) {
  const { word, icon, tone } = operationWords[operation]
  return (
    <span class="outcome" data-tone={tone}>
      <Icon name={icon} />
      {word}
    </span>
  )
}
