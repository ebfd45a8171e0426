import { useEffect, useRef } from 'preact/hooks'
import { Icon } from '../ui/icon.tsx'
import { ThemeSwitch } from '../ui/theme.tsx'
import { TimeSwitch } from '../ui/times.tsx'

/** How the page looks and writes times, behind one button. Closes on Escape, and when the reader goes elsewhere. */
export function DisplayMenu({ times }: { times: boolean }) {
  const root = useRef<HTMLDetailsElement>(null)
  useEffect(() => {
    const close = (event: Event) => {
      const menu = root.current
      if (menu !== null && event.target instanceof Node && !menu.contains(event.target)) menu.open = false
    }
    const events = ['pointerdown', 'focusin'] as const
    for (const event of events) document.addEventListener(event, close)
    return () => {
      for (const event of events) document.removeEventListener(event, close)
    }
  }, [])
  const leave = (event: KeyboardEvent) => {
    const menu = root.current
    if (event.key !== 'Escape' || menu === null || !menu.open) return
    menu.open = false
    menu.querySelector('summary')?.focus()
  }
  return (
    <details class="menu" ref={root} onKeyDown={leave}>
      <summary class="button-plain">
        <Icon name="auto" />
        <span class="menu-word">Display</span>
      </summary>
      <div class="menu-body">
        {times && <TimeSwitch />}
        <ThemeSwitch />
      </div>
    </details>
  )
}
