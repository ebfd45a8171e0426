import { useEffect, useState } from 'preact/hooks'
import type { Run } from '../../../src/wire/types.ts'
import { cancelRun } from '../data/api.ts'
import { type ApiError, toApiError } from '../data/requests.ts'
import { Icon } from '../ui/icon.tsx'
import { Refusal } from '../ui/refusal.tsx'

/** An unconfirmed press is forgotten after this long. */
const forgottenAfterMs = 6_000

/** The button that ends the active run, at its second press: the first one only asks. Give it the run's id as key. */
export function CancelSync({ run, tell }: { run: Run; tell: (run: Run) => void }) {
  const [step, setStep] = useState<'idle' | 'sure?' | 'asking'>('idle')
  const [refusal, setRefusal] = useState<ApiError | null>(null)
  const explanationId = `cancel-${run.id}`
  const forget = () => setStep((now) => (now === 'sure?' ? 'idle' : now))

  useEffect(() => {
    if (step !== 'sure?') return
    const timer = setTimeout(forget, forgottenAfterMs)
    return () => clearTimeout(timer)
  }, [step])

  const press = async () => {
    if (step === 'asking') return
    if (step === 'idle') return setStep('sure?')
    setStep('asking')
    setRefusal(null)
    try {
      tell(await cancelRun(run.id))
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
        aria-disabled={step === 'asking'}
        aria-describedby={step === 'sure?' ? explanationId : undefined}
        onClick={press}
        onBlur={forget}
        onKeyDown={(event) => event.key === 'Escape' && forget()}
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

const words = { idle: 'Cancel sync', 'sure?': 'Press again to cancel', asking: 'Cancelling…' }
