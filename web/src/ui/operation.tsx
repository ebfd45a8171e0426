import type { ChangeOperation } from '../../../src/wire/types.ts'
import { Icon } from './icon.tsx'
import { operationWords } from './words.ts'

type Props = { operation: ChangeOperation; mood?: 'did' | 'would' }

/** What happened to a meter, or would happen: its word, icon and colour. */
export function Operation({ operation, mood = 'did' }: Props) {
  const { word, would, icon, tone } = operationWords[operation]
  return (
    <span class="outcome" data-tone={tone}>
      <Icon name={icon} />
      {mood === 'did' ? word : would}
    </span>
  )
}
