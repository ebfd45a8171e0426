import type { RefObject } from 'preact'
import { useState } from 'preact/hooks'
import type { Run } from '../../../src/wire/types.ts'
import { keepDeletions } from '../data/api.ts'
import { type ApiError, toApiError } from '../data/requests.ts'
import { plural } from '../ui/format.ts'
import { Refusal } from '../ui/refusal.tsx'

const maxNoteLength = 500

type Props = { dialog: RefObject<HTMLDialogElement | null>; run: Run; withheld: number; onKept: () => void }

/** Asks for the reason why held-back deletions are kept for now. The next status then shows them as kept. */
export function KeepDialog({ dialog, run, withheld, onKept }: Props) {
  const [note, setNote] = useState('')
  const [sending, setSending] = useState(false)
  const [refusal, setRefusal] = useState<ApiError | null>(null)
  const id = (part: string) => `keep-${run.id}-${part}`
  const keep = async (event: Event) => {
    event.preventDefault()
    if (note.trim() === '' || sending) return
    setSending(true)
    setRefusal(null)
    try {
      await keepDeletions(run, note)
      dialog.current?.close()
      onKept()
    } catch (error) {
      setRefusal(toApiError(error))
    } finally {
      setSending(false)
    }
  }
  const reset = () => {
    setNote('')
    setRefusal(null)
  }
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby={id('title')} aria-describedby={id('words')} onClose={reset}>
      <form onSubmit={keep}>
        <h2 id={id('title')}>Keep {plural(withheld, 'meter')} for now?</h2>
        <p class="dialog-words" id={id('words')}>
          The notice becomes one line with your note, until a sync holds back other deletions or none. No meter is
          changed, and this can be undone.
        </p>
        <label class="field" for={id('note')}>
          Note
          <input
            id={id('note')}
            name="note"
            type="text"
            required
            maxLength={maxNoteLength}
            autocomplete="off"
            placeholder="Why these meters are kept"
            value={note}
            onInput={(event) => setNote(event.currentTarget.value)}
          />
        </label>
        {refusal !== null && <Refusal words="The deletions are not kept." error={refusal} />}
        <div class="dialog-buttons">
          <button type="button" class="button-plain" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class="button" disabled={note.trim() === '' || sending}>
            Keep for now
          </button>
        </div>
      </form>
    </dialog>
  )
}
