import type { Change } from '../../src/events.ts'
import { differencesOf } from './difference.ts'
import { Icon } from './icon.tsx'

/**
 * What a change makes of a meter's columns: old value and new; of a meter that is new, its values alone. Renders
 * nothing when it changes none.
 */
export function Differences({ change }: { change: Pick<Change, 'before' | 'after'> }) {
  const differences = differencesOf(change.before, change.after)
  if (differences.length === 0) return null
  const isNew = change.before === null
  return (
    <ul class="differences" data-new={isNew}>
      {differences.map(({ column, before, after }) => (
        <li key={column}>
          <span class="column">{column}</span>
          {!isNew && (
            <>
              <Value text={before} old />
              <Icon name="arrow" />
              <span class="unseen">became</span>
            </>
          )}
          <Value text={after} />
        </li>
      ))}
    </ul>
  )
}

function Value({ text, old = false }: { text: string | null; old?: boolean }) {
  if (text === null || text === '') return <span class="value-none">{text === null ? 'nothing' : 'empty text'}</span>
  return old ? <del>{text}</del> : <ins>{text}</ins>
}
