import type { RefObject } from 'preact'
import { useState } from 'preact/hooks'
import type { Run } from '../../../src/wire/types.ts'
import { approveDeletions } from '../data/api.ts'
import { type ApiError, toApiError } from '../data/requests.ts'
import { confirms } from '../ui/confirm.ts'
import { formatCount, plural } from '../ui/format.ts'
import { Refusal } from '../ui/refusal.tsx'

type Props = { dialog: RefObject<HTMLDialogElement | null>; run: Run; withheld: number; tell: (run: Run) => void }

/** Asks for the number of deletions before it approves them: a habit of pressing Enter must not delete meters. */
export function ApproveDialog({ dialog, run, withheld, tell }: Props) {
  const [typed, setTyped] = useState('')
  const [asking, setAsking] = useState(false)
  const [refusal, setRefusal] = useState<ApiError | null>(null)
  const id = (part: string) => `approve-${run.id}-${part}`
  const confirmed = confirms(typed, withheld)

  const approve = async (event: Event) => {
    event.preventDefault()
    if (!confirmed || asking) return
    setAsking(true)
    setRefusal(null)
    try {
      tell(await approveDeletions(run.clientSystemId, withheld))
      dialog.current?.close()
    } catch (error) {
      setRefusal(toApiError(error))
    } finally {
      setAsking(false)
    }
  }
  const reset = () => {
    setTyped('')
    setRefusal(null)
  }

  return (
    <dialog ref={dialog} class="dialog" aria-labelledby={id('title')} aria-describedby={id('words')} onClose={reset}>
      <form onSubmit={approve}>
        <h2 id={id('title')}>Approve {plural(withheld, 'deletion')}?</h2>
        <div class="dialog-words" id={id('words')}>
          <p>
            A new sync compares both sides again. If at most {formatCount(withheld)}{' '}
            {withheld === 1 ? 'meter is' : 'meters are'} missing from the Client System by then, it marks them inactive;
            if more are missing, it deletes none and asks again.
          </p>
          <p>Inactive meters keep their history and readings, and come back when the Client System lists them again.</p>
        </div>
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
            Keep the meters
          </button>
          <button type="submit" class="button button-bad" disabled={!confirmed || asking}>
            Delete up to {formatCount(withheld)}
          </button>
        </div>
      </form>
    </dialog>
  )
}
