import type { RefObject } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Run } from '../../../src/wire/types.ts'
import { approveDeletions } from '../data/api.ts'
import { confirms } from '../ui/confirm.ts'
import { plural } from '../ui/format.ts'
import { DecisionDialog } from './decision-dialog.tsx'
import { HeldBackList } from './held-back-list.tsx'

type Props = {
  dialog: RefObject<HTMLDialogElement | null>
  run: Run
  /** Names the meters that the run held back. */
  set: string
  withheld: number
  /** Whether it is shown. The list of meters is loaded only then. */
  open: boolean
  onClose: () => void
  onRun: (run: Run) => void
}

/**
 * Approves deletions after their number was typed, so that pressing Enter by habit deletes no meters. When a sync holds back
 * other meters while the dialog is open, it shows them, and the number must be typed again.
 */
export function ApproveDialog({ dialog, run, set, withheld, open, onClose, onRun }: Props) {
  const [typed, setTyped] = useState('')
  const [isOutdated, setIsOutdated] = useState(false)
  const seen = useRef(set)
  useLayoutEffect(() => {
    if (seen.current === set) return
    seen.current = set
    setTyped('')
    setIsOutdated(open)
  }, [set, open])
  const id = `approve-${run.id}`
  const word = `Deactivate ${plural(withheld, 'meter')}`
  const reset = () => {
    setTyped('')
    setIsOutdated(false)
    onClose()
  }
  return (
    <DecisionDialog
      dialog={dialog}
      id={id}
      title={`${word}?`}
      words={
        <>
          <p>
            A new sync compares both sides again and marks {withheld === 1 ? 'this meter' : 'exactly these meters'} as
            deleted and inactive. If other meters are missing from the Client System by then, it deletes none and shows
            the new list.
          </p>
          <p>Inactive meters keep their history and readings, and come back when the Client System lists them again.</p>
        </>
      }
      button={{ word, class: 'button button-bad', allowed: confirms(typed, withheld) }}
      send={async () => onRun(await approveDeletions(run))}
      refused="The deletions were not approved."
      onClose={reset}
    >
      {isOutdated && (
        <p class="refusal" role="alert">
          <strong>Other meters are held back now.</strong> Look at the new list.
        </p>
      )}
      {open && <HeldBackList key={set} runId={run.id} />}
      <label class="field" for={`${id}-number`}>
        Type {withheld} to confirm
        <input
          id={`${id}-number`}
          name="number"
          type="text"
          inputMode="numeric"
          autocomplete="off"
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </label>
    </DecisionDialog>
  )
}
