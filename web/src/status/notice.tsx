import { type ComponentChildren, createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { IconName } from '../ui/drawings.ts'
import { Icon } from '../ui/icon.tsx'
import type { Tone } from '../ui/words.ts'

/** Whether notices show only their title at first: one is above them that matters more. */
export const Folded = createContext(false)

type Props = { icon: IconName; tone: Tone; title: string; children: ComponentChildren }

/** What a person has to know or decide: a title and what it means. A folded one opens at its title. Can be focused by script. */
export function Notice({ icon, tone, title, children }: Props) {
  if (useContext(Folded)) {
    return (
      <details class="notice notice-folded" data-tone={tone} tabIndex={-1}>
        <summary>
          <Icon name={icon} />
          <span class="notice-title">{title}</span>
        </summary>
        <div>{children}</div>
      </details>
    )
  }
  return (
    <div class="notice" data-tone={tone} tabIndex={-1}>
      <Icon name={icon} />
      <div>
        <p class="notice-title">{title}</p>
        {children}
      </div>
    </div>
  )
}
