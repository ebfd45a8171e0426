import { type ComponentChildren, createContext } from 'preact'
import { useContext, useMemo, useState } from 'preact/hooks'
import type { Zone } from './format.ts'
import { parseTimeStyle, type TimeStyle, timeStyles } from './time-style.ts'

type Times = { style: TimeStyle; choose(style: TimeStyle): void }

const Style = createContext<Times>({ style: 'relative', choose: () => undefined })
const storageName = 'times'

/** Provides the style of times to the page. The choice is stored in this browser. */
export function Times({ children }: { children: ComponentChildren }) {
  const [style, setStyle] = useState<TimeStyle>(readStoredStyle)
  const times = useMemo(() => {
    const choose = (chosen: TimeStyle) => {
      setStyle(chosen)
      storeStyle(chosen)
    }
    return { style, choose }
  }, [style])
  return <Style.Provider value={times}>{children}</Style.Provider>
}

export function useTimeStyle(): TimeStyle {
  return useContext(Style).style
}

/** Returns the time zone of clocks and days. */
export function useZone(): Zone {
  return useTimeStyle() === 'utc' ? 'utc' : 'local'
}

const words: Record<TimeStyle, string> = { relative: 'Relative', local: 'Local', utc: 'UTC' }

/** Radio buttons for the style of all times of the page. */
export function TimeSwitch() {
  const { style: chosen, choose } = useContext(Style)
  return (
    <fieldset class="choice">
      <legend>Times</legend>
      <div class="theme-switch time-switch">
        {timeStyles.map((style) => (
          <label key={style}>
            <input type="radio" name="times" value={style} checked={chosen === style} onChange={() => choose(style)} />
            <span>{words[style]}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

function readStoredStyle(): TimeStyle {
  try {
    return parseTimeStyle(localStorage.getItem(storageName))
  } catch {
    return 'relative'
  }
}

function storeStyle(style: TimeStyle): void {
  try {
    localStorage.setItem(storageName, style)
  } catch {
    // Storage may be forbidden; the choice then lasts until the page is closed.
  }
}
