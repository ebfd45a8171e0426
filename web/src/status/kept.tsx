import { useContext, useState } from 'preact/hooks'
import type { ClientSystemStatus, Run } from '../../../src/wire/types.ts'
import { releaseDeletions } from '../data/api.ts'
import { type ApiError, toApiError } from '../data/requests.ts'
import { useMissing } from '../login/allowed.ts'
import { Moment } from '../ui/clock.tsx'
import { plural } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { HeldBackLink } from './held-back-link.tsx'
import { Folded, Notice } from './notice.tsx'

type Props = {
  run: Run
  kept: NonNullable<ClientSystemStatus['keptDeletions']>
  /** Whether the status is known to be true now. */
  current: boolean
  onReleased: () => void
}

/** Held-back deletions that a person keeps for now: one line that says who, since when and why, and how to undo it. */
export function Kept({ run, kept: { by, since, note }, current, onReleased }: Props) {
  const [sending, setSending] = useState(false)
  const [refusal, setRefusal] = useState<ApiError | null>(null)
  const missing = useMissing('operate')
  const withheld = run.counts?.withheld ?? 0
  const release = async () => {
    if (sending) return
    setSending(true)
    setRefusal(null)
    try {
      await releaseDeletions(run.clientSystemId)
      onReleased()
    } catch (error) {
      setRefusal(toApiError(error))
      setSending(false)
    }
  }
  const words = (
    <>
      <p>
        <strong>{plural(withheld, 'deletion')} held back</strong>, kept for now
        {by !== null && ` by ${by}`} since <Moment iso={since} />: “{note}”
      </p>
      <p class="notice-foot">
        <button
          type="button"
          class="button-text"
          disabled={!current || missing !== null}
          aria-disabled={sending}
          title={missing === null ? 'Show the notice of the held-back deletions again' : `Needs ${missing}`}
          onClick={release}
        >
          Undo “Keep for now”
        </button>
        <HeldBackLink runId={run.id} />
      </p>
      {refusal !== null && <Refusal words="“Keep for now” was not undone." error={refusal} />}
    </>
  )
  if (useContext(Folded)) {
    return (
      <Notice icon="hand" tone="quiet" title={`${plural(withheld, 'deletion')} held back, kept for now`}>
        {words}
      </Notice>
    )
  }
  return (
    <div class="notice notice-small" data-tone="quiet" tabIndex={-1}>
      <Icon name="hand" />
      <div>{words}</div>
    </div>
  )
}
