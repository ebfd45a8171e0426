import { useEffect, useRef, useState } from 'preact/hooks'
import { announcement } from './announcement.ts'
import type { State } from './state.ts'

/** The one polite live region: tells a run's start and end to those who do not see them. */
export function Announcer({ state }: { state: State }) {
  const before = useRef(state)
  const [said, setSaid] = useState({ text: '', count: 0 })
  useEffect(() => {
    const news = announcement(before.current, state)
    before.current = state
    if (news !== null) setSaid(({ count }) => ({ text: news, count: count + 1 }))
  }, [state])
  return (
    <div class="unseen" role="status" aria-live="polite" aria-atomic="true">
      {/* A node of its own each time: the same sentence twice is said twice. */}
      <span key={said.count}>{said.text}</span>
    </div>
  )
}
