import { useEffect, useRef, useState } from 'preact/hooks'
import { isCurrent, type State } from '../data/state.ts'
import { announcement, lossOf, returnOf } from './announcement.ts'

/** A sentence of a view: another object is said again, whatever its words. */
export type Sentence = { text: string }

/** A connection that is back sooner is not worth a word. */
const lossDelayMs = 2_500

/**
 * The one polite live region: a run's start and end, the loss and return of the connection, and what a view has to say,
 * for people who do not see the page.
 */
export function Announcer({ state, sentence }: { state: State; sentence: Sentence | null }) {
  const before = useRef(state)
  const [said, setSaid] = useState({ text: '', count: 0 })
  const say = (text: string) => setSaid(({ count }) => ({ text, count: count + 1 }))
  const latest = useRef(state)
  latest.current = state
  useEffect(() => {
    const news = announcement(before.current, state)
    before.current = state
    if (news !== null) say(news)
  }, [state])
  const lost = state.agent !== null && !isCurrent(state)
  const toldLoss = useRef(false)
  useEffect(() => {
    if (!lost) {
      if (toldLoss.current && latest.current.agent !== null)
        say(returnOf(latest.current, Date.now() + latest.current.clockOffset))
      toldLoss.current = false
      return
    }
    const timer = setTimeout(() => {
      toldLoss.current = true
      say(lossOf(latest.current))
    }, lossDelayMs)
    return () => clearTimeout(timer)
  }, [lost])
  useEffect(() => {
    if (sentence !== null) say(sentence.text)
  }, [sentence])
  return (
    <div class="unseen" role="status" aria-live="polite" aria-atomic="true">
      {/* A node of its own each time: the same sentence twice is said twice. */}
      <span key={said.count}>{said.text}</span>
    </div>
  )
}
