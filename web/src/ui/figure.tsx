import type { Counts } from '../../../src/wire/types.ts'
import type { IconName } from './drawings.ts'
import { formatCount } from './format.ts'
import { Icon } from './icon.tsx'
import type { Tone } from './words.ts'

type Props = { name: string; count: number; icon: IconName; tone: Tone; note?: string | null }

/** A count under its name, in a list of figures; none of it has no colour. */
export function Figure({ name, count, icon, tone, note }: Props) {
  return (
    <div data-tone={count > 0 ? tone : 'quiet'}>
      <dt>
        <Icon name={icon} />
        {name}
      </dt>
      <dd>
        <data value={count}>{formatCount(count)}</data>
        {note && <small>{note}</small>}
      </dd>
    </div>
  )
}

/** Restored meters count as updated: this tells how many of them. */
export function restoredNote({ restored }: Counts): string | null {
  return restored > 0 ? `${formatCount(restored)} restored` : null
}
