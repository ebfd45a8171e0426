import type { ComponentChildren } from 'preact'

type Props = { children: ComponentChildren; retry: () => void; disabled?: boolean }

/** Says that a part of the page could not be loaded, with a button that loads it again. */
export function LoadFailure({ children, retry, disabled = false }: Props) {
  return (
    <div class="teaching load-failure">
      <p>{children}</p>
      <button type="button" class="button-plain" disabled={disabled} onClick={retry}>
        Try again
      </button>
    </div>
  )
}
