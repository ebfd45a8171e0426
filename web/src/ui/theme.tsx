import { useState } from 'preact/hooks'
import type { IconName } from './drawings.ts'
import { Icon } from './icon.tsx'

type Theme = 'auto' | 'light' | 'dark'

const themes: readonly { theme: Theme; word: string; icon: IconName }[] = [
  { theme: 'auto', word: 'Follow the system', icon: 'auto' },
  { theme: 'light', word: 'Light', icon: 'sun' },
  { theme: 'dark', word: 'Dark', icon: 'moon' },
]

/** Radio buttons for the colour scheme. The choice is stored in this browser, where theme.js reads it. */
export function ThemeSwitch() {
  const [chosen, setChosen] = useState<Theme>(currentTheme)
  const choose = (theme: Theme) => {
    setChosen(theme)
    applyTheme(theme)
  }
  return (
    <fieldset class="choice">
      <legend>Colour scheme</legend>
      <div class="theme-switch">
        {themes.map(({ theme, word, icon }) => (
          <label key={theme} title={word}>
            <input type="radio" name="theme" value={theme} checked={chosen === theme} onChange={() => choose(theme)} />
            <Icon name={icon} />
            <span class="unseen">{word}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

function currentTheme(): Theme {
  const { theme } = document.documentElement.dataset
  return theme === 'light' || theme === 'dark' ? theme : 'auto'
}

/** Applies a theme to the page and stores it. */
function applyTheme(theme: Theme): void {
  if (theme === 'auto') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
  try {
    if (theme === 'auto') localStorage.removeItem('theme')
    else localStorage.setItem('theme', theme)
  } catch {
    // Storage may be forbidden; the choice then lasts until the page is closed.
  }
}
