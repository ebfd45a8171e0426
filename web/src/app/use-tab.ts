import { useEffect } from 'preact/hooks'
import type { State } from '../data/state.ts'
import { tabOf } from './tab.ts'

/** Keeps the document's title and icon in sync with the state; what is open, or a view's name, comes first in the title. */
export function useTab(state: State, shown: string | null): void {
  const { title: news, icon } = tabOf(state)
  const title = shown === null ? news : `${shown} · ${news}`
  useEffect(() => {
    document.title = title
  }, [title])
  useEffect(() => {
    document.querySelector('link[rel=icon]')?.setAttribute('href', `/icons/${icon}.svg`)
  }, [icon])
}
