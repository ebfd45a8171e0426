import { useEffect, useState } from 'preact/hooks'
import type { Run } from '../../../src/wire/types.ts'
import { cancelRun } from '../data/api.ts'
import { type ApiError, toApiError } from '../data/requests.ts'
import { Icon } from '../ui/icon.tsx'
import { Refusal } from '../ui/refusal.tsx'

/** The time in which the second press must follow. */
const confirmWithinMs = 6_000

/** The button that cancels the active run at its second press. Needs the id of the run as its key. */
export function CancelSync({ run, onRun }: { run: Run; onRun: (run: Run) => void }) {
  const [step, setStep] = useState<'idle' | 'sure?' | 'sending'>('idle')
  const [refusal, setRefusal] = useState<ApiError | null>(null)
  const explanationId = `cancel-${run.id}`
  const reset = () => setStep((now) => (now === 'sure?' ? 'idle' : now))

  useEffect(() => {
    if (step !== 'sure?') return
    const timer = setTimeout(reset, confirmWithinMs)
    return () => clearTimeout(timer)
  }, [step])

  const press = async () => {
    if (step === 'sending') return
    if (step === 'idle') return setStep('sure?')
    setStep('sending')
    setRefusal(null)
    try {
      onRun(await cancelRun(run.id))
    } catch (error) {
      setRefusal(toApiError(error))
      setStep('idle')
    }
  }

  return (
    <>
      <button
        type="button"
        class="button-plain cancel"
        data-sure={step === 'sure?'}
        aria-disabled={step === 'sending'}
        aria-describedby={step === 'sure?' ? explanationId : undefined}
        onClick={press}
        onBlur={reset}
        onKeyDown={(event) => event.key === 'Escape' && reset()}
      >
        <Icon name="stop" />
        {words[step]}
      </button>
      {step === 'sure?' && (
        <p class="trigger-reason" id={explanationId}>
          A cancelled sync changes nothing.
        </p>
      )}
      {refusal !== null && <Refusal words="The sync could not be cancelled." error={refusal} />}
    </>
  )
}

const words = { idle: 'Cancel sync', 'sure?': 'Press again to cancel', sending: 'Cancelling…' }
