import type { ComponentChildren } from 'preact'

type Props = { children: ComponentChildren; retry: () => void; disabled?: boolean }

/** Says that a part of the page could not be loaded, with a button that loads it again. */
export function LoadFailure({ children, retry, disabled = false }: Props) {
  return (
    <p class="teaching">
      {children}{' '}
      <button type="button" class="button-plain" disabled={disabled} onClick={retry}>
        Try again
      </button>
    </p>
  )
}
