import { useRef, useState } from 'preact/hooks'
import { type Day, outcomeOf, type Period, periodWords } from './strip.ts'

type DaysProps = {
  days: readonly Day[]
  open: string | null
  onOpen: (key: string) => void
  onShow: (day: Period | null) => void
}

/** The days as buttons that open to their hours. */
export function Days({ days, open, onOpen, onShow }: DaysProps) {
  const cells = useCells(days, days.length - 1, onShow)
  return (
    <fieldset class="strip-days" aria-label="Days" onKeyDown={cells.move} onMouseLeave={() => onShow(null)}>
      {days.map((day, index) => (
        <button
          key={day.key}
          type="button"
          class="strip-cell"
          data-outcome={outcomeOf(day)}
          aria-label={periodWords(day)}
          aria-expanded={day.key === open}
          onClick={() => onOpen(day.key)}
          tabIndex={index === cells.current ? 0 : -1}
          {...cells.propsOf(day, index)}
        />
      ))}
    </fieldset>
  )
}

/** The hours of a day. The one that has the focus or the pointer shows its numbers. */
export function Hours({ hours, onShow }: { hours: readonly Period[]; onShow: (hour: Period | null) => void }) {
  const cells = useCells(hours, 0, onShow)
  return (
    <div
      class="strip-hours"
      role="listbox"
      aria-label="Hours"
      aria-orientation="horizontal"
      onKeyDown={cells.move}
      onMouseLeave={() => onShow(null)}
    >
      {hours.map((hour, index) => (
        <div
          key={`${index} ${hour.key}`}
          class="strip-hour"
          role="option"
          aria-label={periodWords(hour)}
          aria-selected={index === cells.current}
          tabIndex={index === cells.current ? 0 : -1}
          {...cells.propsOf(hour, index)}
        >
          <span class="strip-cell" data-outcome={outcomeOf(hour)} aria-hidden="true" />
          <span class="strip-clock" aria-hidden="true">
            {hour.key.slice(-2)}
          </span>
        </div>
      ))}
    </div>
  )
}

/** Makes cells one stop of the Tab key: the arrow keys, Home and End go from one to the next. */
function useCells(periods: readonly Period[], first: number, onShow: (period: Period) => void) {
  const [chosen, setChosen] = useState<string | null>(null)
  const elements = useRef<(HTMLElement | null)[]>([])
  const known = periods.findIndex((period, index) => keyOf(period, index) === chosen)
  const current = known === -1 ? first : known
  const last = periods.length - 1
  const move = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowLeft: current - 1, ArrowRight: current + 1, Home: 0, End: last }
    const wanted = steps[event.key]
    if (wanted === undefined) return
    event.preventDefault()
    elements.current[Math.min(last, Math.max(0, wanted))]?.focus()
  }
  const propsOf = (period: Period, index: number) => ({
    ref: (element: HTMLElement | null) => {
      elements.current[index] = element
    },
    onFocus: () => {
      setChosen(keyOf(period, index))
      onShow(period)
    },
    onMouseEnter: () => onShow(period),
  })
  return { current, move, propsOf }
}

/** Where the clocks go back, two hours of a day have the same key. */
function keyOf({ key }: Period, index: number): string {
  return key.includes(' ') ? `${index} ${key}` : key
}
