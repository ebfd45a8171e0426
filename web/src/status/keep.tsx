import type { RefObject } from 'preact'
import { useState } from 'preact/hooks'
import type { Run } from '../../../src/wire/types.ts'
import { keepDeletions } from '../data/api.ts'
import { plural } from '../ui/format.ts'
import { DecisionDialog } from './decision-dialog.tsx'

const maxNoteLength = 500

type Props = { dialog: RefObject<HTMLDialogElement | null>; run: Run; withheld: number; onKept: () => void }

/** Asks for the reason why held-back deletions are kept for now. The next status then shows them as kept. */
export function KeepDialog({ dialog, run, withheld, onKept }: Props) {
  const [note, setNote] = useState('')
  const id = `keep-${run.id}`
  return (
    <DecisionDialog
      dialog={dialog}
      id={id}
      title={`Keep ${plural(withheld, 'meter')} for now?`}
      words={
        <p>
          The notice becomes one line with your note, until a sync holds back other deletions or none. No meter is
          changed, and this can be undone.
        </p>
      }
      button={{ word: 'Keep for now', class: 'button', allowed: note.trim() !== '' }}
      send={() => keepDeletions(run, note)}
      refused="The deletions are not kept."
      onClose={() => setNote('')}
      onDone={onKept}
    >
      <label class="field" for={`${id}-note`}>
        Note
        <input
          id={`${id}-note`}
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
    </DecisionDialog>
  )
}
