import { useEffect, useRef, useState } from 'preact/hooks'
import { type ApiError, toApiError } from '../data/requests.ts'
import { useNow } from '../ui/clock.tsx'
import { formatCountdown, plural } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'

type Props = {
  /** Whether a session ended by itself, so that this form replaced the view. */
  ended: boolean
  logIn: (token: string) => Promise<void>
}

/** The form for a token. The token is kept in the field until it is sent, and nowhere afterwards. */
export function Login({ ended, logIn }: Props) {
  const { field, sending, error, waitMs, submit } = useTokenForm(logIn)
  useEffect(() => field.current?.focus(), [field])
  return (
    <section class="card login" aria-labelledby="login-title">
      <span class="login-icon" aria-hidden="true">
        <Icon name="key" />
      </span>
      <h2 id="login-title">Log in</h2>
      <p class="quiet" id="login-words">
        {ended
          ? 'Your session has ended. Log in again and this page continues where you were.'
          : 'Enter a token to see the sync status.'}
      </p>
      <form onSubmit={submit}>
        <label class="field" for="token">
          Token
          <input
            ref={field}
            id="token"
            name="token"
            type="password"
            required
            autocomplete="current-password"
            autocapitalize="none"
            spellcheck={false}
            aria-describedby={error === null ? 'login-words' : 'login-error'}
            aria-invalid={error?.status === 401 ? true : undefined}
          />
        </label>
        {error !== null && <LoginError error={error} />}
        <button type="submit" class="button" aria-disabled={sending || waitMs > 0} aria-busy={sending}>
          {sending ? 'Logging in…' : 'Log in'}
        </button>
        {waitMs > 0 && <p class="login-wait">You can try again {formatCountdown(waitMs)}.</p>}
      </form>
    </section>
  )
}

/** Sends the token of the field, once at a time and not before the agent allows another attempt. */
function useTokenForm(logIn: Props['logIn']) {
  const field = useRef<HTMLInputElement>(null)
  const [sending, setSending] = useState(false)
  const [error, setError] = useState<ApiError | null>(null)
  const now = useNow()
  const [waitUntil, setWaitUntil] = useState(0)
  const waitMs = waitUntil - now

  const submit = async (event: Event) => {
    event.preventDefault()
    const input = field.current
    if (sending || waitMs > 0 || input === null) return
    setSending(true)
    setError(null)
    try {
      await logIn(input.value)
    } catch (reason) {
      const refusal = toApiError(reason)
      setError(refusal)
      setWaitUntil(now + (refusal.retryAfter ?? 0) * 1000)
      // A token that did not arrive can be sent again.
      if (refusal.status !== 0) input.value = ''
      input.focus()
    } finally {
      setSending(false)
    }
  }
  return { field, sending, error, waitMs, submit }
}

/** Shows why the login failed. The hints of the API are for those who write requests. */
function LoginError({ error }: { error: ApiError }) {
  const { title, hint } = wordsFor(error)
  return (
    <div class="refusal" role="alert" id="login-error">
      <p>
        <strong>{title}</strong>
      </p>
      {hint !== null && <p>{hint}</p>}
    </div>
  )
}

function wordsFor({ status, message, hint, retryAfter }: ApiError): { title: string; hint: string | null } {
  if (status === 401) {
    return {
      title: 'That token is not correct.',
      hint: 'Use the value of AUTH_TOKEN, or a token of “token create” that is neither expired nor revoked.',
    }
  }
  if (status === 429) {
    const wait = retryAfter === null ? 'a minute' : plural(retryAfter, 'second')
    return { title: 'Too many wrong tokens came from this address.', hint: `Wait ${wait}, then try again.` }
  }
  return { title: message, hint }
}
