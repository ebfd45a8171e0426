import type { Counts } from '../../../src/wire/types.ts'
import type { IconName } from './drawings.ts'
import { formatCount, plural } from './format.ts'
import { Icon } from './icon.tsx'
import type { Tone } from './words.ts'

type Props = {
  name: string
  count: number
  icon: IconName
  tone: Tone
  note?: string | null
  /** Leads to what was counted. */
  href?: string
}

/** A count with its name, in a list of counts. A zero has no colour. */
export function Figure({ name, count, icon, tone, note, href }: Props) {
  const value = (
    <data value={count} data-long={count >= 1_000_000}>
      {formatCount(count)}
    </data>
  )
  return (
    <div data-tone={count > 0 ? tone : 'quiet'}>
      <dt>
        <Icon name={icon} />
        {name}
      </dt>
      <dd>
        {href !== undefined && count > 0 ? (
          <a href={href} aria-label={`${name}: ${plural(count, 'meter')}`}>
            {value}
          </a>
        ) : (
          value
        )}
        {note && <small>{note}</small>}
      </dd>
    </div>
  )
}

/** Returns how many of the updated meters were restored, in words; null when none was. */
export function restoredNote({ restored }: Counts): string | null {
  return restored > 0 ? `${formatCount(restored)} restored` : null
}
