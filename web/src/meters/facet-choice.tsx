import type { TargetedKeyboardEvent } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { formatCount } from '../ui/format.ts'

export type Option = { value: string; word: string; meters: number | undefined }

type Props = {
  name: string
  chosen: string | null
  options: readonly Option[]
  /** The word for the empty text. */
  none?: string
  /** How many values are not among the options. */
  others?: number | undefined
  onChoose: (value: string | null) => void
}

/** The values of choices that are no value of a meter, in a list in which the empty text is one. */
const all = 'all'
const other = 'other'
const prefix = '='

/** A choice that narrows the list of meters. A value that is too rare for the options can be typed. */
export function FacetChoice({ name, chosen, options, none = 'None', others = 0, onChoose }: Props) {
  const list = useRef<HTMLSelectElement>(null)
  const [typing, setTyping] = useState<'not yet' | 'now' | 'ended'>('not yet')
  // The field had the focus; the list takes its place.
  useEffect(() => {
    if (typing === 'ended' && document.activeElement === document.body) list.current?.focus()
  }, [typing])
  const stopTyping = (text: string) => {
    setTyping('ended')
    if (text !== '') onChoose(text)
  }
  if (typing === 'now') return <TypedValue name={name} onEnd={stopTyping} />
  const known = chosen === null || options.some(({ value }) => value === chosen)
  const choose = (value: string) => {
    if (value === other) setTyping('now')
    else onChoose(value === all ? null : value.slice(prefix.length))
  }
  return (
    <label class="field">
      {name}
      <select
        ref={list}
        value={chosen === null ? all : prefix + chosen}
        onChange={(event) => choose(event.currentTarget.value)}
      >
        <option value={all}>All</option>
        {!known && <option value={prefix + chosen}>{shortened(chosen || none)}</option>}
        {options.map(({ value, word, meters }) => (
          <option key={value} value={prefix + value}>
            {shortened(word)}
            {meters !== undefined && ` (${formatCount(meters)})`}
          </option>
        ))}
        {others > 0 && <option value={other}>Type one of {formatCount(others)} more…</option>}
      </select>
    </label>
  )
}

/** A field for a value. Enter or leaving the field ends it with the text, Escape without one. */
function TypedValue({ name, onEnd }: { name: string; onEnd: (text: string) => void }) {
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.focus(), [])
  const press = (event: TargetedKeyboardEvent<HTMLInputElement>) => {
    const { key, currentTarget: input } = event
    // The field may lose the focus, and so end, when it is removed.
    if (key === 'Escape') input.value = ''
    if (key === 'Enter' || key === 'Escape') onEnd(input.value)
  }
  return (
    <label class="field">
      {name}
      <input
        ref={field}
        type="text"
        placeholder="The whole value"
        autocomplete="off"
        spellcheck={false}
        onKeyDown={press}
        onBlur={(event) => onEnd(event.currentTarget.value)}
      />
    </label>
  )
}

const maxLetters = 60

/** A list of choices cannot break a text into lines. */
function shortened(text: string): string {
  const letters = [...text]
  return letters.length > maxLetters ? `${letters.slice(0, maxLetters - 1).join('')}…` : text
}
