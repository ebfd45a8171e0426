import { useEffect, useRef } from 'preact/hooks'
import { Icon } from '../ui/icon.tsx'
import { ThemeSwitch } from '../ui/theme.tsx'
import { TimeSwitch } from '../ui/times.tsx'

/** The menu for times and the colour scheme. Closes on Escape, and when the focus or the pointer goes elsewhere. */
export function DisplayMenu({ times, version }: { times: boolean; version: string | null }) {
  const root = useRef<HTMLDetailsElement>(null)
  useEffect(() => {
    const closing = new AbortController()
    const { signal } = closing
    const close = ({ target }: Event) => {
      const menu = root.current
      if (menu !== null && target instanceof Node && !menu.contains(target)) menu.open = false
    }
    document.addEventListener('pointerdown', close, { signal })
    document.addEventListener('focusin', close, { signal })
    const leave = ({ key }: KeyboardEvent) => {
      const menu = root.current
      if (key !== 'Escape' || menu === null || !menu.open) return
      menu.open = false
      menu.querySelector('summary')?.focus()
    }
    document.addEventListener('keydown', leave, { signal })
    return () => closing.abort()
  }, [])
  return (
    <details class="menu" ref={root}>
      <summary class="button-plain">
        <Icon name="auto" />
        <span class="menu-word">Display</span>
      </summary>
      <div class="menu-body">
        {times && <TimeSwitch />}
        <ThemeSwitch />
        {version !== null && <p class="menu-version">Meter Sync Agent {version}</p>}
      </div>
    </details>
  )
}
