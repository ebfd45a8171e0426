import { useState } from 'preact/hooks'
import { Icon } from '../ui/icon.tsx'

type Props = { name: string | null; logOut: () => Promise<void>; onRefused: (reason: unknown) => void }

/** Ends the session of this browser, opened with the token `name`. Calls `onRefused` with the reason when it fails. */
export function LogOut({ name, logOut, onRefused }: Props) {
  const [sending, setSending] = useState(false)
  const press = async () => {
    if (sending) return
    setSending(true)
    await logOut().catch(onRefused)
    setSending(false)
  }
  return (
    <button
      type="button"
      class="button-plain log-out"
      title={name === null ? 'End the session of this browser' : `Logged in as ${name}`}
      aria-disabled={sending}
      onClick={press}
    >
      <Icon name="leave" />
      <span class="log-out-word">Log out</span>
    </button>
  )
}
