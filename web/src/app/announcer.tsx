import { useEffect, useRef, useState } from 'preact/hooks'
import { isCurrent, type State } from '../data/state.ts'
import { announcementOf, lossOf, returnOf } from './announcement.ts'

/** A sentence of a view. Each new object is announced, also when its text is the same. */
export type Sentence = { text: string }

/** A shorter loss of the connection is not announced. */
const lossDelayMs = 2_500

/**
 * The one polite live region, for people who do not see the page: the start and end of a run, the loss and return of the
 * connection, and the sentences of views.
 */
export function Announcer({ state, sentence }: { state: State; sentence: Sentence | null }) {
  const before = useRef(state)
  const [announced, setAnnounced] = useState({ text: '', count: 0 })
  const announce = (text: string) => setAnnounced(({ count }) => ({ text, count: count + 1 }))
  const latest = useRef(state)
  latest.current = state
  useEffect(() => {
    const text = announcementOf(before.current, state)
    before.current = state
    if (text !== null) announce(text)
  }, [state])
  const lost = state.agent !== null && !isCurrent(state)
  const isLossAnnounced = useRef(false)
  useEffect(() => {
    if (!lost) {
      if (isLossAnnounced.current && latest.current.agent !== null)
        announce(returnOf(latest.current, Date.now() + latest.current.clockOffset))
      isLossAnnounced.current = false
      return
    }
    const timer = setTimeout(() => {
      isLossAnnounced.current = true
      announce(lossOf(latest.current))
    }, lossDelayMs)
    return () => clearTimeout(timer)
  }, [lost])
  useEffect(() => {
    if (sentence !== null) announce(sentence.text)
  }, [sentence])
  return (
    <div class="unseen" role="status" aria-live="polite" aria-atomic="true">
      {/* A new node each time, so that the same sentence is announced again. */}
      <span key={announced.count}>{announced.text}</span>
    </div>
  )
}
