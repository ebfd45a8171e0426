import { useEffect, useRef, useState } from 'preact/hooks'
import type { State } from '../data/state.ts'
import { announcement } from './announcement.ts'

/** A sentence of a view: another object is said again, whatever its words. */
export type Sentence = { text: string }

/** The one polite live region: tells a run's start and end, and what a view has to say, to those who do not see it. */
export function Announcer({ state, sentence }: { state: State; sentence: Sentence | null }) {
  const before = useRef(state)
  const [said, setSaid] = useState({ text: '', count: 0 })
  useEffect(() => {
    const news = announcement(before.current, state)
    before.current = state
    if (news !== null) setSaid(({ count }) => ({ text: news, count: count + 1 }))
  }, [state])
  useEffect(() => {
    if (sentence !== null) setSaid(({ count }) => ({ text: sentence.text, count: count + 1 }))
  }, [sentence])
  return (
    <div class="unseen" role="status" aria-live="polite" aria-atomic="true">
      {/* A node of its own each time: the same sentence twice is said twice. */}
      <span key={said.count}>{said.text}</span>
    </div>
  )
}
