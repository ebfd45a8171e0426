import type { RefObject } from 'preact'
import { useState } from 'preact/hooks'
import type { Run } from '../../../src/wire/types.ts'
import { approveDeletions } from '../data/api.ts'
import { type ApiError, toApiError } from '../data/requests.ts'
import { confirms } from '../ui/confirm.ts'
import { plural } from '../ui/format.ts'
import { Refusal } from '../ui/refusal.tsx'
import { HeldBackList } from './held-back-list.tsx'

type Props = {
  dialog: RefObject<HTMLDialogElement | null>
  run: Run
  withheld: number
  /** Whether it is shown. The list of meters is loaded only then. */
  open: boolean
  onClose: () => void
  onRun: (run: Run) => void
}

/** Approves deletions after their number was typed, so that pressing Enter by habit deletes no meters. */
export function ApproveDialog({ dialog, run, withheld, open, onClose, onRun }: Props) {
  const [typed, setTyped] = useState('')
  const [sending, setSending] = useState(false)
  const [refusal, setRefusal] = useState<ApiError | null>(null)
  const id = (part: string) => `approve-${run.id}-${part}`
  const confirmed = confirms(typed, withheld)

  const approve = async (event: Event) => {
    event.preventDefault()
    if (!confirmed || sending) return
    setSending(true)
    setRefusal(null)
    try {
      onRun(await approveDeletions(run))
      dialog.current?.close()
    } catch (error) {
      setRefusal(toApiError(error))
    } finally {
      setSending(false)
    }
  }
  const reset = () => {
    setTyped('')
    setRefusal(null)
    onClose()
  }

  return (
    <dialog ref={dialog} class="dialog" aria-labelledby={id('title')} aria-describedby={id('words')} onClose={reset}>
      <form onSubmit={approve}>
        <h2 id={id('title')}>Deactivate {plural(withheld, 'meter')}?</h2>
        <div class="dialog-words" id={id('words')}>
          <p>
            A new sync compares both sides again and marks {withheld === 1 ? 'this meter' : 'exactly these meters'} as
            deleted and inactive. If other meters are missing from the Client System by then, it deletes none and shows
            the new list.
          </p>
          <p>Inactive meters keep their history and readings, and come back when the Client System lists them again.</p>
        </div>
        {open && <HeldBackList runId={run.id} />}
        <label class="field" for={id('number')}>
          Type {withheld} to confirm
          <input
            id={id('number')}
            name="number"
            type="text"
            inputMode="numeric"
            autocomplete="off"
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </label>
        {refusal !== null && <Refusal words="The deletions were not approved." error={refusal} />}
        <div class="dialog-buttons">
          <button type="button" class="button-plain" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class="button button-bad" disabled={!confirmed || sending}>
            Deactivate {plural(withheld, 'meter')}
          </button>
        </div>
      </form>
    </dialog>
  )
}
