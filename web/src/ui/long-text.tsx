import { useState } from 'preact/hooks'
import { excerptOf, formatCount, isLong } from './format.ts'

/** A text. A long one is shown in part, from `from` on, with a button for all of it. */
export function LongText({ text, from = 0 }: { text: string; from?: number }) {
  const [whole, setWhole] = useState(false)
  if (!isLong(text)) return <>{text}</>
  return (
    <>
      {whole ? text : excerptOf(text, from)}{' '}
      <button type="button" class="button-text" aria-expanded={whole} onClick={() => setWhole(!whole)}>
        {whole ? 'Show less' : `Show all ${formatCount(text.length)} characters`}
      </button>
    </>
  )
}
