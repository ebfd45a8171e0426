import { useState } from 'preact/hooks'
import type { AlertTest } from '../../../src/wire/types.ts'
import { testAlerts } from '../data/api.ts'
import { type ApiError, toApiError } from '../data/requests.ts'
import { useMissing } from '../login/allowed.ts'
import { sentences } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { Refusal } from '../ui/refusal.tsx'

/** The button that sends a test alert to each channel, and what became of it. */
export function TestAlert() {
  const [sending, setSending] = useState(false)
  const [results, setResults] = useState<readonly AlertTest[] | null>(null)
  const [refusal, setRefusal] = useState<ApiError | null>(null)
  const missing = useMissing('operate')
  const send = async () => {
    if (sending) return
    setSending(true)
    setRefusal(null)
    try {
      setResults(await testAlerts())
    } catch (error) {
      setRefusal(toApiError(error))
    } finally {
      setSending(false)
    }
  }
  return (
    <div class="test-alert">
      <button
        type="button"
        class="button-plain"
        disabled={missing !== null}
        aria-disabled={sending}
        title={missing === null ? undefined : `Needs ${missing}`}
        onClick={send}
      >
        {sending ? 'Sending…' : 'Send a test alert'}
      </button>
      <div aria-live="polite">
        {results?.map((result) => (
          <Result key={result.channel} result={result} />
        ))}
        {refusal !== null && <Refusal words="No test alert was sent." error={refusal} />}
      </div>
    </div>
  )
}

function Result({ result: { receiver, delivered, status, error, hint } }: { result: AlertTest }) {
  return (
    <p class="test-result" data-tone={delivered ? 'good' : 'bad'}>
      <Icon name={delivered ? 'check' : 'cross'} />
      <span>
        {delivered ? (
          <>
            <strong>Delivered.</strong> {receiver} answered {status}.
          </>
        ) : (
          <>
            <strong>Not delivered:</strong> {sentences(error, hint)}
          </>
        )}
      </span>
    </p>
  )
}
