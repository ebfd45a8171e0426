import { useState } from 'preact/hooks'
import { Icon } from '../ui/icon.tsx'

type Props = { name: string | null; logOut: () => Promise<void>; onRefused: (reason: unknown) => void }

/** Ends the session of this browser, opened with the token `name`. `onRefused` hears why it goes on. */
export function LogOut({ name, logOut, onRefused }: Props) {
  const [asking, setAsking] = useState(false)
  const press = async () => {
    if (asking) return
    setAsking(true)
    await logOut().catch(onRefused)
    setAsking(false)
  }
  return (
    <button
      type="button"
      class="button-plain log-out"
      title={name === null ? 'End the session of this browser' : `Logged in as ${name}`}
      aria-disabled={asking}
      onClick={press}
    >
      <Icon name="leave" />
      <span class="log-out-word">Log out</span>
    </button>
  )
}
