import type { ComponentChildren } from 'preact'
import type { Pages } from '../data/pages.ts'
import { sentences } from './format.ts'
import { LoadFailure } from './load-failure.tsx'

/** A list with its states: loading, failed with a button to try again, empty, and with a next page. */
export function PagedList<T>({
  pages,
  empty,
  children,
}: {
  pages: Pages<T>
  empty: ComponentChildren
  children: (items: readonly T[]) => ComponentChildren
}) {
  const { items, state, error, hasMore, read } = pages
  // Not disabled while loading, because it would lose the focus.
  const readOnce = () => state !== 'loading' && read()
  return (
    <div class="paged-list" aria-busy={state === 'loading'}>
      {items.length > 0 && children(items)}
      {items.length === 0 && state === 'ready' && <p class="teaching">{empty}</p>}
      {items.length === 0 && state === 'loading' && <p class="teaching">Loading…</p>}
      {state === 'failed' && (
        <LoadFailure retry={read}>The list could not be loaded. {sentences(error?.message, error?.hint)}</LoadFailure>
      )}
      {hasMore && state !== 'failed' && (
        <button type="button" class="button-plain" aria-disabled={state === 'loading'} onClick={readOnce}>
          Show more
        </button>
      )}
    </div>
  )
}
