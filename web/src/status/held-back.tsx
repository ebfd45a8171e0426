import { useRef, useState } from 'preact/hooks'
import { withheldWords } from '../../../src/wire/reason-words.ts'
import type { Run } from '../../../src/wire/types.ts'
import { useMissing } from '../login/allowed.ts'
import { addressOf } from '../routing/route.ts'
import { plural } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { ApproveDialog } from './approve.tsx'

type Props = {
  run: Run
  /** Whether a run is active: an approval is for a run of its own. */
  busy: boolean
  tell: (run: Run) => void
}

/** Deletions that the guard of this run held back, and the way to approve them. Renders nothing when there are none. */
export function HeldBack({ run, busy, tell }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [open, setOpen] = useState(false)
  const missing = useMissing('operate', 'approve')
  const withheld = run.counts?.withheld ?? 0
  const reasonId = `approve-reason-${run.id}`
  if (withheld === 0) return null
  return (
    <div class="notice" data-tone="attention">
      <Icon name="hand" />
      <div>
        <p class="notice-title">
          {plural(withheld, 'deletion')} {withheld === 1 ? 'is' : 'are'} held back
        </p>
        <p>{wordsFor(run, withheld)}</p>
        {missing !== null && <p id={reasonId}>To approve, log in with a token that has {missing}.</p>}
        <p class="notice-foot">
          <button
            type="button"
            class="button-plain"
            disabled={busy || missing !== null}
            aria-describedby={missing === null ? undefined : reasonId}
            onClick={() => {
              setOpen(true)
              dialog.current?.showModal()
            }}
          >
            Approve…
          </button>
          <a href={addressOf(run.id, 'withheld')}>
            See the meters held back
            <Icon name="arrow" />
          </a>
        </p>
      </div>
      {missing === null && (
        <ApproveDialog
          key={run.id}
          dialog={dialog}
          run={run}
          withheld={withheld}
          open={open}
          onClose={() => setOpen(false)}
          tell={tell}
        />
      )}
    </div>
  )
}

function wordsFor({ approveDeletes, withheldBecause }: Run, withheld: number): string {
  const [these, they] = withheld === 1 ? ['this meter', 'it stays'] : ['these meters', 'they stay']
  const because = withheldBecause ? withheldWords(withheldBecause) : 'many meters are missing at once'
  // An approval that did not fit is no accident of the Client System.
  if (approveDeletes !== null) {
    return `The approval was not applied because ${because}. Look at the meters again and approve anew, or leave ${they.split(' ')[0]} active.`
  }
  return `The Client System no longer lists ${these}. This looks like an accident because ${because}. Until you approve, ${they} active here; all other changes were applied.`
}
