import { useContext } from 'preact/hooks'
import type { Meter } from '../../../src/wire/types.ts'
import { meterAddress, type ReadingSpan, type ReadingsChoice, readingSpans } from '../routing/route.ts'
import { daysLater } from '../ui/days.ts'
import { Icon } from '../ui/icon.tsx'
import { CurrentRoute } from './current-route.ts'
import { type Period, spanDays } from './period.ts'

const spanWords: Record<ReadingSpan, string> = { day: 'Day', week: 'Week', month: '30 days' }

type Props = { meter: Meter; period: Period; quantities: readonly string[] }

/** Which days and quantities of the readings are shown; the address has it. */
export function ReadingControls({ meter, period, quantities }: Props) {
  const { filter, readings: choice } = useContext(CurrentRoute)
  const addressOf = (change: Partial<ReadingsChoice>) => meterAddress(meter.id, filter, { ...choice, ...change })
  const go = (day: string | null) => {
    location.hash = addressOf({ day })
  }
  const step = (days: number) => go(daysLater(period.day, days))
  const days = spanDays[period.span]
  const spanWord = spanWords[period.span].toLowerCase()
  const isLast = period.to > Date.now()
  return (
    <div class="reading-controls">
      <nav aria-label="Days of the readings" class="filters">
        <button type="button" class="button-plain" aria-label={`Earlier ${spanWord}`} onClick={() => step(-days)}>
          <Icon name="chevron" class="to-earlier" />
        </button>
        <input
          type="date"
          aria-label={days === 1 ? 'Day of the readings' : 'Last day of the readings'}
          value={period.day}
          onChange={(event) => go(event.currentTarget.value || null)}
        />
        <button
          type="button"
          class="button-plain"
          aria-label={`Later ${spanWord}`}
          aria-disabled={isLast}
          onClick={() => !isLast && step(days)}
        >
          <Icon name="chevron" />
        </button>
        <a href={addressOf({ day: null })} aria-current={choice.day === null ? 'true' : undefined}>
          Latest
        </a>
      </nav>
      <nav aria-label="Span of the readings" class="filters">
        {readingSpans.map((span) => (
          <a key={span} href={addressOf({ span })} aria-current={span === period.span ? 'true' : undefined}>
            {spanWords[span]}
          </a>
        ))}
      </nav>
      {quantities.length > 1 && (
        <nav aria-label="Quantity" class="filters">
          {[null, ...quantities].map((quantity) => (
            <a
              key={quantity}
              href={addressOf({ quantity })}
              aria-current={choice.quantity === quantity ? 'true' : undefined}
            >
              {quantity ?? 'All quantities'}
            </a>
          ))}
        </nav>
      )}
    </div>
  )
}
