import type { RefObject } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { isKept } from '../../../src/wire/condition.ts'
import { withheldWords } from '../../../src/wire/reason-words.ts'
import type { ClientSystemStatus, Run } from '../../../src/wire/types.ts'
import { useMissing } from '../login/allowed.ts'
import { plural } from '../ui/format.ts'
import { ApproveDialog } from './approve.tsx'
import { HeldBackLink } from './held-back-link.tsx'
import { KeepDialog } from './keep.tsx'
import { Kept } from './kept.tsx'
import { Notice } from './notice.tsx'

type Props = {
  status: ClientSystemStatus
  /** Whether the status is known to be true now. */
  current: boolean
  onRun: (run: Run) => void
}

/**
 * Deletions that the last success held back, and what a person can decide: approve them, or keep them for now. Renders
 * nothing when there are none.
 */
export function HeldBack({ status, current, onRun }: Props) {
  const root = useRef<HTMLDivElement>(null)
  const { lastSuccess: run, activeRun, keptDeletions: kept } = status
  if (run === null || (run.counts?.withheld ?? 0) === 0) return null
  // The decision replaces what had the focus.
  const keepFocus = () => root.current?.querySelector<HTMLElement>('.notice')?.focus({ preventScroll: true })
  return (
    <div class="held-back" ref={root}>
      {kept !== null && isKept(status) ? (
        <Kept run={run} kept={kept} current={current} onReleased={keepFocus} />
      ) : (
        <Undecided run={run} busy={activeRun !== null || !current} onKept={keepFocus} onRun={onRun} />
      )}
    </div>
  )
}

type UndecidedProps = {
  run: Run
  /** Whether a run is active: an approval is for a run of its own. */
  busy: boolean
  onKept: () => void
  onRun: (run: Run) => void
}

function Undecided({ run, busy, onKept, onRun }: UndecidedProps) {
  const approveDialog = useRef<HTMLDialogElement>(null)
  const keepDialog = useRef<HTMLDialogElement>(null)
  const [open, setOpen] = useState(false)
  const missing = useMissing('operate', 'approve')
  const mayKeep = useMissing('operate') === null && run.withheldDigest !== null
  const withheld = run.counts?.withheld ?? 0
  const show = (dialog: RefObject<HTMLDialogElement | null>) => dialog.current?.showModal()
  const reasonId = `approve-reason-${run.id}`
  // A sync that holds back the same meters leaves the dialogs as they are.
  const set = run.withheldDigest ?? run.id
  return (
    <>
      <Notice
        icon="hand"
        tone="attention"
        title={`${plural(withheld, 'deletion')} ${withheld === 1 ? 'is' : 'are'} held back`}
      >
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
              show(approveDialog)
            }}
          >
            Approve…
          </button>
          {mayKeep && (
            <button type="button" class="button-plain" disabled={busy} onClick={() => show(keepDialog)}>
              Keep for now…
            </button>
          )}
          <HeldBackLink runId={run.id} />
        </p>
      </Notice>
      {/* Beside the notice, because a dialog stays open when another notice comes above this one. */}
      {mayKeep && <KeepDialog key={set} dialog={keepDialog} run={run} withheld={withheld} onKept={onKept} />}
      {missing === null && (
        <ApproveDialog
          dialog={approveDialog}
          run={run}
          set={set}
          withheld={withheld}
          open={open}
          onClose={() => setOpen(false)}
          onRun={onRun}
        />
      )}
    </>
  )
}

function wordsFor({ approveDeletes, withheldBecause }: Run, withheld: number): string {
  const [these, they, them] = withheld === 1 ? ['this meter', 'it stays', 'it'] : ['these meters', 'they stay', 'them']
  const because = withheldBecause ? withheldWords(withheldBecause) : 'many meters are missing at once'
  // An approval that did not fit is no accident of the Client System.
  if (approveDeletes !== null) {
    return `The approval was not applied because ${because}. Look at the meters again and approve again, or leave ${them} active.`
  }
  return `The Client System no longer lists ${these}. This looks like an accident because ${because}. Until you approve, ${they} active here; all other changes were applied.`
}
