import { useEffect } from 'preact/hooks'
import type { State } from '../data/state.ts'
import { tabOf } from './tab.ts'

/** Sets the title and icon of the document by the state. `shown`, the name of a view or of what is open, comes first. */
export function useTab(state: State, shown: string | null): void {
  const { title: condition, icon } = tabOf(state)
  const title = shown === null ? condition : `${shown} · ${condition}`
  useEffect(() => {
    document.title = title
  }, [title])
  useEffect(() => {
    document.querySelector('link[rel=icon]')?.setAttribute('href', `/icons/${icon}.svg`)
  }, [icon])
}
