import type { Change } from '../../../src/wire/types.ts'
import { differencesOf, valuesOf } from './difference.ts'
import { firstDifference } from './format.ts'
import { Icon } from './icon.tsx'
import { LongText } from './long-text.tsx'

/** The columns of a meter that a change altered, with old and new values. Renders nothing when there are none. */
export function Differences({ change }: { change: Pick<Change, 'before' | 'after'> }) {
  const differences = differencesOf(change.before, change.after)
  if (differences.length === 0) return null
  return (
    <ul class="differences">
      {differences.map(({ column, before, after }) => {
        const from = firstDifference(before ?? '', after ?? '')
        return (
          <li key={column}>
            <span class="column">{column}</span>
            <Value text={before} from={from} old />
            <Icon name="arrow" />
            <span class="unseen">became</span>
            <Value text={after} from={from} />
          </li>
        )
      })}
    </ul>
  )
}

/** The values of a meter that is new, side by side. */
export function Values({ meter }: { meter: Record<string, unknown> }) {
  return (
    <ul class="differences values">
      {valuesOf(meter).map(({ column, value }, index) => (
        // An attribute may have the name of a column, so the key needs the position.
        <li key={`${index} ${column}`}>
          <span class="column">{column}</span>
          {value === '' ? (
            <span class="value-none">empty text</span>
          ) : (
            <span>
              <LongText text={value} />
            </span>
          )}
        </li>
      ))}
    </ul>
  )
}

function Value({ text, from, old = false }: { text: string | null; from: number; old?: boolean }) {
  if (text === null || text === '') return <span class="value-none">{text === null ? 'none' : 'empty text'}</span>
  const shown = <LongText text={text} from={from} />
  return old ? <del>{shown}</del> : <ins>{shown}</ins>
}
