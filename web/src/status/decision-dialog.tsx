import type { ComponentChildren, RefObject } from 'preact'
import { useState } from 'preact/hooks'
import { type ApiError, toApiError } from '../data/requests.ts'
import { Refusal } from '../ui/refusal.tsx'

type Props = {
  dialog: RefObject<HTMLDialogElement | null>
  /** Begins the ids of its parts. */
  id: string
  title: string
  words: ComponentChildren
  /** The fields. */
  children: ComponentChildren
  /** The button that decides, and whether what was typed allows it. */
  button: { word: string; class: string; allowed: boolean }
  /** Sends the decision. The dialog closes when it succeeds, and shows an ApiError. */
  send: () => Promise<void>
  /** What a refusal begins with. */
  refused: string
  /** The dialog was closed, with a decision or without one. */
  onClose: () => void
  /** The dialog was closed after a decision. */
  onDone?: () => void
}

/** A dialog in which a person decides: its form sends a request, and shows why it was refused. */
export function DecisionDialog({ dialog, id, title, words, children, button, send, refused, onClose, onDone }: Props) {
  const [sending, setSending] = useState(false)
  const [refusal, setRefusal] = useState<ApiError | null>(null)
  const decide = async (event: Event) => {
    event.preventDefault()
    if (!button.allowed || sending) return
    setSending(true)
    setRefusal(null)
    try {
      await send()
      dialog.current?.close()
      onDone?.()
    } catch (error) {
      setRefusal(toApiError(error))
    } finally {
      setSending(false)
    }
  }
  const reset = () => {
    setRefusal(null)
    onClose()
  }
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-words`}
      onClose={reset}
    >
      <form onSubmit={decide}>
        <h2 id={`${id}-title`}>{title}</h2>
        <div class="dialog-words" id={`${id}-words`}>
          {words}
        </div>
        {children}
        {refusal !== null && <Refusal words={refused} error={refusal} />}
        <div class="dialog-buttons">
          <button type="button" class="button-plain" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class={button.class} disabled={!button.allowed || sending}>
            {button.word}
          </button>
        </div>
      </form>
    </dialog>
  )
}
