import { useState } from 'preact/hooks'
import { Icon } from '../ui/icon.tsx'

/** Ends the session of this browser. `onRefused` hears why it goes on. */
export function LogOut({ logOut, onRefused }: { logOut: () => Promise<void>; onRefused: (reason: unknown) => void }) {
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
      title="End the session of this browser"
      aria-disabled={asking}
      onClick={press}
    >
      <Icon name="leave" />
      <span class="log-out-word">Log out</span>
    </button>
  )
}
