import { useState } from 'preact/hooks'

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
    <button type="button" class="button-plain log-out" aria-disabled={asking} onClick={press}>
      Log out
    </button>
  )
}
