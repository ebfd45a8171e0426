import { useEffect } from 'preact/hooks'
import type { State } from './state.ts'
import { tabOf } from './tab.ts'

/** Keeps the document's title and icon in step with the state. */
export function useTab(state: State): void {
  const { title, icon } = tabOf(state)
  useEffect(() => {
    document.title = title
  }, [title])
  useEffect(() => {
    document.querySelector('link[rel=icon]')?.setAttribute('href', `/icons/${icon}.svg`)
  }, [icon])
}
