import type { Change } from '../../src/events.ts'
import { differencesOf } from './difference.ts'
import { Icon } from './icon.tsx'

/** What a change made of a meter's columns: old value and new. Renders nothing when it changed none. */
export function Differences({ change }: { change: Change }) {
  const differences = differencesOf(change.before, change.after)
  if (differences.length === 0) return null
  return (
    <ul class="differences">
      {differences.map(({ column, before, after }) => (
        <li key={column}>
          <span class="column">{column}</span>
          <Value text={before} old />
          <Icon name="arrow" />
          <span class="unseen">became</span>
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
